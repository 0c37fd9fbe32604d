"""Keep which devices were seen."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Keep which devices were seen."""
    op.create_table(
        "gpu_seen_devices",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("ill_since", sa.DateTime(), nullable=True),
        sa.Column("well_since", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
