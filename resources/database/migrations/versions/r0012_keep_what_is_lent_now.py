"""Keep the lending limits that hold now, beside those of the quotas."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the table: nothing differs from the quotas yet."""
    op.create_table(
        "gpu_lending",
        sa.Column("scope", sa.String(10), primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("resource", sa.String(100), primary_key=True),
        sa.Column("lending_limit", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("reason_values", sa.Text(), nullable=False),
    )
