"""Keep which jobs were submitted together, and what ended jobs tell of their like."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the column and the tables; jobs that are there are part of no batch."""
    for table in ("gpu_requests", "gpu_leases"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("batch", sa.String(300), nullable=False, server_default=""))
    op.create_table(
        "gpu_batches",
        sa.Column("kind", sa.String(200), primary_key=True),
        sa.Column("id", sa.String(300), nullable=False),
        sa.Column("last_s", sa.Float(), nullable=False),
    )
    op.create_table(
        "gpu_like_jobs",
        sa.Column("name", sa.String(300), primary_key=True),
        sa.Column("through", sa.Text(), nullable=False),
        sa.Column("ended", sa.Text(), nullable=False),
    )
