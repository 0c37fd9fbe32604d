"""Keep what each lease held, by flavour of device, and for how long."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

CPU_SLOT, UNKNOWN = "CPU-SLOT", "UNKNOWN"
WHOLE_MILLI = 1000


def upgrade() -> None:
    """Add the columns, and fill in what the leases that are there tell."""
    with op.batch_alter_table("gpu_leases") as batch:
        batch.add_column(sa.Column("held", sa.Text(), nullable=False, server_default="{}"))
        batch.add_column(sa.Column("held_ms", sa.BigInteger()))
        batch.create_index("gpu_leases_by_release", ["released_at"])
    connection = op.get_bind()
    shares = connection.execute(sa.text("SELECT device, run_id, attempt, milli FROM gpu_shares")).all()
    share_of = {(row.run_id, row.attempt, row.device): row.milli for row in shares}
    leases = sa.table(
        "gpu_leases",
        *(sa.column(name) for name in ("run_id", "attempt", "devices", "model", "held", "held_ms")),
        sa.column("granted_at", sa.DateTime()),
        sa.column("released_at", sa.DateTime()),
    )
    for row in connection.execute(sa.select(leases)).all():
        held: dict[str, int] = {}
        for device in filter(None, row.devices.split(",")):
            # Of a lease that ended its share is not known any more; the ledger had whole devices only.
            milli = share_of.get((row.run_id, row.attempt, device), WHOLE_MILLI)
            kind = _flavour(device, row.model)
            held[kind] = held.get(kind, 0) + milli
        held_ms = None
        if row.released_at is not None:
            held_ms = max(0, round((row.released_at - row.granted_at).total_seconds() * 1000))
        connection.execute(
            sa.update(leases)
            .where(leases.c.run_id == row.run_id, leases.c.attempt == row.attempt)
            .values(held=_json(held), held_ms=held_ms)
        )


def _flavour(device: str, model: str | None) -> str:
    if device.rpartition("/")[2].startswith("cpu:"):
        return CPU_SLOT
    return UNKNOWN if model is None else "-".join(model.upper().replace("-", " ").split())


def _json(held: dict[str, int]) -> str:
    return "{" + ", ".join(f'"{kind}": {milli}' for kind, milli in sorted(held.items())) + "}"
