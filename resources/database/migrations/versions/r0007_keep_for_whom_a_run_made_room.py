"""Keep for whom a run made room, so that it does so for nobody twice."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; who was stopped before may be stopped for the same run once more."""
    for table in ("gpu_leases", "gpu_requests"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("made_room_for", sa.Text(), nullable=False, server_default=""))
