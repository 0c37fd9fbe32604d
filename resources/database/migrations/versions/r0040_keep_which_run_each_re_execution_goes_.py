"""Keep which run each re-execution goes on with."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    """Keep which run each re-execution goes on with."""
    op.create_table(
        "gpu_reexecutions",
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("root_run_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
    )
