"""Keep all that a request asks for, shares of devices, what is kept for whom, quotas and each decision."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns and tables of the policy; what is held already counts as whole devices."""
    for table in ("gpu_requests", "gpu_leases"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("terms", sa.Text(), nullable=False, server_default="{}"))
            batch.add_column(sa.Column("evictions", sa.Integer(), nullable=False, server_default="0"))
            batch.add_column(sa.Column("evicted_at", sa.DateTime()))
            batch.add_column(sa.Column("attained_gpu_s", sa.Float(), nullable=False, server_default="0"))
    with op.batch_alter_table("gpu_requests") as batch:
        batch.add_column(sa.Column("queued_at", sa.DateTime()))
        batch.add_column(sa.Column("expected_at", sa.DateTime()))
        batch.add_column(sa.Column("reason_values", sa.Text()))
    with op.batch_alter_table("gpu_leases") as batch:
        batch.add_column(sa.Column("submitted_at", sa.DateTime()))
        batch.add_column(sa.Column("stop_for", sa.String(64)))
        batch.add_column(sa.Column("stop_reason", sa.Text()))
        batch.add_column(sa.Column("stop_asked_at", sa.DateTime()))
    op.create_table(
        "gpu_shares",
        sa.Column("device", sa.String(100), primary_key=True),
        sa.Column("run_id", sa.String(64), primary_key=True),
        sa.Column("attempt", sa.Integer(), primary_key=True),
        sa.Column("milli", sa.Integer(), nullable=False),
        sa.CheckConstraint("milli >= 1 AND milli <= 1000", name="share_of_one_device"),
    )
    op.execute(
        "INSERT INTO gpu_shares (device, run_id, attempt, milli) "
        "SELECT device, run_id, attempt, 1000 FROM gpu_holds"
    )
    op.drop_table("gpu_holds")
    op.create_table(
        "gpu_kept",
        sa.Column("run_id", sa.String(64), primary_key=True),
        sa.Column("devices", sa.Text(), nullable=False),
        sa.Column("victims", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "gpu_decisions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("for_run", sa.String(64)),
        sa.Column("devices", sa.Text(), nullable=False),
        sa.Column("rule", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_values", sa.Text(), nullable=False),
        sa.Index("gpu_decisions_by_run", "run_id"),
    )
    op.create_table(
        "gpu_parties",
        sa.Column("scope", sa.String(10), primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("user", sa.String(100), primary_key=True),
        sa.Column("parent", sa.String(100)),
        sa.Column("weight", sa.Float(), nullable=False),
    )
    op.create_table(
        "gpu_quotas",
        sa.Column("scope", sa.String(10), primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("user", sa.String(100), primary_key=True),
        sa.Column("resource", sa.String(100), primary_key=True),
        sa.Column("nominal", sa.BigInteger(), nullable=False),
        sa.Column("borrowing_limit", sa.BigInteger()),
        sa.Column("lending_limit", sa.BigInteger()),
    )
