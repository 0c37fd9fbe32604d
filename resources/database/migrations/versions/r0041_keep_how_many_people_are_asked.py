"""Keep how many people are asked about each sample."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Keep how many people are asked about each sample."""
    with op.batch_alter_table("labeling_review_rules") as batch:
        batch.add_column(sa.Column("people", sa.Integer(), nullable=False, server_default="1"))
