"""The ledger's tables. ``gpu_shares`` has one row for each device that a live lease holds a share of."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
)

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
    Column("terms", Text, nullable=False, server_default="{}"),  # JSON
    Column("evictions", Integer, nullable=False, server_default="0"),
    Column("evicted_at", UtcDateTime),
    Column("made_room_for", Text, nullable=False, server_default=""),  # run ids, joined by commas
    Column("attained_gpu_s", Float, nullable=False, server_default="0"),
    Column("queued_at", UtcDateTime),
    Column("expected_at", UtcDateTime),
    Column("reason_values", Text),  # JSON
    Column("batch", String(300), nullable=False, server_default=""),
    Column("changed_in", BigInteger, nullable=False, server_default="0"),  # the number of the last change
    CheckConstraint("attempt >= 1", name="attempt_from_1"),
    Index("gpu_requests_by_state", "state", "submitted_at"),
    Index("gpu_requests_by_submission", "submitted_at"),
    Index("gpu_requests_by_change", "changed_in"),
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
    Column("terms", Text, nullable=False, server_default="{}"),  # JSON
    Column("evictions", Integer, nullable=False, server_default="0"),
    Column("evicted_at", UtcDateTime),
    Column("made_room_for", Text, nullable=False, server_default=""),  # run ids, joined by commas
    Column("attained_gpu_s", Float, nullable=False, server_default="0"),
    Column("submitted_at", UtcDateTime),
    Column("stop_for", String(64)),
    Column("stop_reason", Text),
    Column("stop_asked_at", UtcDateTime),
    Column("expires_at", UtcDateTime),  # of a lease without a run
    Column("heartbeat_at", UtcDateTime),
    Column("held", Text, nullable=False, server_default="{}"),  # JSON: thousandths of devices by flavour
    Column("held_ms", BigInteger),  # for how long, once it is released
    Column("batch", String(300), nullable=False, server_default=""),
    Column("changed_in", BigInteger, nullable=False, server_default="0"),  # the number of the last change
    Index("gpu_leases_by_state", "state"),
    Index("gpu_leases_by_release", "released_at"),
    Index("gpu_leases_by_change", "changed_in"),
)

CHANGES = Table(
    "gpu_changes",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row, 1
    Column("last", BigInteger, nullable=False),  # how many changes of requests and leases there were
    Column("moves_left", Float, nullable=False),  # how many moves (rule D1) are allowed by now
)

SHARES = Table(
    "gpu_shares",
    METADATA,
    Column("device", String(100), primary_key=True),
    Column("run_id", String(64), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("milli", Integer, nullable=False),
    CheckConstraint("milli >= 1 AND milli <= 1000", name="share_of_one_device"),
)

KEPT = Table(
    "gpu_kept",
    METADATA,
    Column("run_id", String(64), primary_key=True),
    Column("devices", Text, nullable=False),  # ids, joined by commas
    Column("victims", Text, nullable=False),  # run ids, joined by commas
    Column("since", UtcDateTime, nullable=False),
)

RESERVATIONS = Table(
    "gpu_reservations",
    METADATA,
    Column("name", String(100), primary_key=True),
    Column("project", String(100), nullable=False),
    Column("user", String(100)),
    Column("text", String(200), nullable=False),
    Column("devices", Text, nullable=False),  # ids, joined by commas
    Column("milli", Integer, nullable=False),
    Column("memory_mib", Integer, nullable=False),
    Column("terms", Text, nullable=False),  # JSON
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("actor", String(200), nullable=False),
)

DRAINS = Table(
    "gpu_drains",
    METADATA,
    Column("target", String(100), primary_key=True),  # a device or a node
    Column("reason", Text, nullable=False),
    Column("evict", Boolean, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("actor", String(200), nullable=False),
)

SEEN_DEVICES = Table(
    "gpu_seen_devices",
    METADATA,
    Column("id", String(100), primary_key=True),
    Column("place", Integer, nullable=False),  # in the order of the inventory
    Column("device", Text, nullable=False),  # JSON
    Column("fault", Text),
    Column("ill_since", UtcDateTime),
    Column("well_since", UtcDateTime),
)

DECISIONS = Table(
    "gpu_decisions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("run_id", String(64), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("for_run", String(64)),
    Column("devices", Text, nullable=False),
    Column("rule", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("reason_values", Text, nullable=False),  # JSON
    Index("gpu_decisions_by_run", "run_id"),
    Index("gpu_decisions_by_kind", "kind", "id"),
)

PARTIES = Table(
    "gpu_parties",
    METADATA,
    Column("scope", String(10), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("user", String(100), primary_key=True),  # empty but for a user
    Column("parent", String(100)),
    Column("weight", Float, nullable=False),
)

QUOTAS = Table(
    "gpu_quotas",
    METADATA,
    Column("scope", String(10), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("user", String(100), primary_key=True),
    Column("resource", String(100), primary_key=True),
    Column("nominal", BigInteger, nullable=False),
    Column("borrowing_limit", BigInteger),
    Column("lending_limit", BigInteger),
)

BUDGETS = Table(
    "gpu_budgets",
    METADATA,
    Column("scope", String(10), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("user", String(100), primary_key=True),
    Column("kind", String(10), primary_key=True),  # month, rolling
    Column("days", Integer, primary_key=True),  # of a rolling one
    Column("first_day", Integer, nullable=False),  # of a month
    Column("zone", String(60), nullable=False),
    Column("gpu_hours", Float, nullable=False),
)

PAST_USE = Table(
    "gpu_past_use",
    METADATA,
    Column("project", String(100), primary_key=True),
    Column("user", String(100), primary_key=True),
    Column("half_life_s", Float, nullable=False),
    Column("as_of_s", Float, nullable=False),  # seconds since 1970
    Column("devices", Float, nullable=False),  # decayed sums: thousandths times seconds
    Column("cpus", Float, nullable=False),
    Column("memory", Float, nullable=False),  # MiB times seconds
)

REEXECUTIONS = Table(
    "gpu_reexecutions",
    METADATA,
    Column("run_id", String(64), primary_key=True),
    Column("root_run_id", String(64), nullable=False),  # the first of those that go on with one work
)

BATCHES = Table(
    "gpu_batches",
    METADATA,
    Column("kind", String(200), primary_key=True),
    Column("id", String(300), nullable=False),
    Column("last_s", Float, nullable=False),  # when the last of it was submitted, in seconds since 1970
)

LIKE_JOBS = Table(
    "gpu_like_jobs",
    METADATA,
    Column("name", String(300), primary_key=True),  # of a group; "*" for all jobs
    Column("through", Text, nullable=False),  # JSON: by bin of service, how many are through with it
    Column("ended", Text, nullable=False),  # JSON: how many of them ended in it
)

LENDING = Table(
    "gpu_lending",
    METADATA,
    Column("scope", String(10), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("resource", String(100), primary_key=True),
    Column("lending_limit", BigInteger, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("reason_values", Text, nullable=False),  # JSON
)
