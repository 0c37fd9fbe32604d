"""The table of version locks. Statements about it stand in the store beside, as text."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

LOCKS = Table(
    "data_locks",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("dataset", String(100), nullable=False),
    Column("key", String(300), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("line", String(280), nullable=False),
    Column("state", String(20), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("user_name", String(100), nullable=False),
    Column("purpose", String(300), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("can_branch", Boolean, nullable=False),
    Column("host", String(255)),
    Column("pid", Integer),
    Column("process_started", String(80)),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("asked_line", String(280), nullable=False, server_default=""),
    Index("data_locks_by_version", "dataset", "key"),
)
