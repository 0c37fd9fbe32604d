"""Keep forecasts of the demand of projects."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table of forecasts."""
    op.create_table(
        "gpu_forecasts",
        sa.Column("start_s", sa.Integer(), primary_key=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
    )
