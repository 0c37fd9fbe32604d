"""Keep what random asking reached."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """Keep what random asking reached."""
    op.create_table(
        "random_rounds",
        sa.Column("dataset", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("measure", sa.String(length=20), nullable=False),
        sa.Column("right", sa.Integer(), nullable=True),
        sa.Column("test_set", sa.String(length=64), nullable=False),
        sa.Column("test_count", sa.Integer(), nullable=False),
        sa.Column("measured_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "version"),
    )
