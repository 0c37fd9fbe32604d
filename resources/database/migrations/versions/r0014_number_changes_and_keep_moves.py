"""Number changes, and keep how many moves are left."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Number changes, and keep how many moves are left."""
    changes = op.create_table(
        "gpu_changes",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("moves_left", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.bulk_insert(changes, [{"id": 1, "last": 0, "moves_left": 0.0}])
    with op.batch_alter_table("gpu_decisions") as batch:
        batch.create_index("gpu_decisions_by_kind", ["kind", "id"])
    with op.batch_alter_table("gpu_leases") as batch:
        batch.add_column(sa.Column("changed_in", sa.BigInteger(), server_default="0", nullable=False))
        batch.create_index("gpu_leases_by_change", ["changed_in"])
    with op.batch_alter_table("gpu_requests") as batch:
        batch.add_column(sa.Column("changed_in", sa.BigInteger(), server_default="0", nullable=False))
        batch.create_index("gpu_requests_by_change", ["changed_in"])
        batch.create_index("gpu_requests_by_submission", ["submitted_at"])
