"""Keep who has which role: one decider at a time, a standby takes over."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table of roles."""
    op.create_table(
        "leaderships",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("holder", sa.String(200)),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("clock", sa.String(64), nullable=False),
        sa.Column("expires_s", sa.Float(), nullable=False),
        sa.Column("lease_s", sa.Float(), nullable=False),
        sa.Column("renewals", sa.Integer(), nullable=False),
    )
