"""Keep budgets of GPU-hours, and what everyone has used in the past."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the tables. In whose turn it is, what was used before this revision plays no part."""
    op.create_table(
        "gpu_budgets",
        sa.Column("scope", sa.String(10), primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("user", sa.String(100), primary_key=True),
        sa.Column("kind", sa.String(10), primary_key=True),
        sa.Column("days", sa.Integer(), primary_key=True),
        sa.Column("first_day", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(60), nullable=False),
        sa.Column("gpu_hours", sa.Float(), nullable=False),
    )
    op.create_table(
        "gpu_past_use",
        sa.Column("project", sa.String(100), primary_key=True),
        sa.Column("user", sa.String(100), primary_key=True),
        sa.Column("half_life_s", sa.Float(), nullable=False),
        sa.Column("as_of_s", sa.Float(), nullable=False),
        sa.Column("devices", sa.Float(), nullable=False),
        sa.Column("cpus", sa.Float(), nullable=False),
        sa.Column("memory", sa.Float(), nullable=False),
    )
