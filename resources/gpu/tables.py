"""The ledger's tables. ``gpu_holds`` makes overselling impossible: one row for each device that is held."""

from sqlalchemy import CheckConstraint, Column, Float, Index, Integer, String, Table, Text

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

REQUESTS = Table(
    "gpu_requests",
    METADATA,
    Column("run_id", String(64), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("instance", String(500), nullable=False),
    Column("origin", String(10), nullable=False),
    Column("text", String(200), nullable=False),
    Column("device_count", Integer, nullable=False),
    Column("model", String(100)),
    Column("project", String(100), nullable=False),
    Column("user", String(100), nullable=False),
    Column("submitted_at", UtcDateTime, nullable=False),
    Column("state", String(10), nullable=False),  # waiting, granted, ended
    Column("rule", String(10)),
    Column("reason", Text),
    Column("holder_pid", Integer),
    Column("holder_started_at", Float),
    CheckConstraint("attempt >= 1", name="attempt_from_1"),
    Index("gpu_requests_by_state", "state", "submitted_at"),
)

LEASES = Table(
    "gpu_leases",
    METADATA,
    Column("run_id", String(64), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("instance", String(500), nullable=False),
    Column("origin", String(10), nullable=False),
    Column("text", String(200), nullable=False),
    Column("device_count", Integer, nullable=False),
    Column("model", String(100)),
    Column("project", String(100), nullable=False),
    Column("user", String(100), nullable=False),
    Column("devices", Text, nullable=False),  # ids, joined by commas
    Column("state", String(10), nullable=False),
    Column("granted_at", UtcDateTime, nullable=False),
    Column("claimed_at", UtcDateTime),
    Column("claimer_pid", Integer),
    Column("claimer_started_at", Float),
    Column("holder_pid", Integer),
    Column("holder_started_at", Float),
    Column("released_at", UtcDateTime),
    Column("release_reason", Text),
    Index("gpu_leases_by_state", "state"),
)

HOLDS = Table(
    "gpu_holds",
    METADATA,
    Column("device", String(100), primary_key=True),
    Column("run_id", String(64), nullable=False),
    Column("attempt", Integer, nullable=False),
)
