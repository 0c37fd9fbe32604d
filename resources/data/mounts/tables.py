"""The tables of mount points, and of those that runs have now."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

MOUNTS = Table(
    "data_mounts",
    METADATA,
    Column("name", String(60), primary_key=True),
    Column("size_mib", BigInteger, nullable=False),
    Column("mode", String(20), nullable=False),
    Column("provider", String(60)),
    Column("place", String(1000), nullable=False),
    Column("needs", String(200), nullable=False),
    Column("declared_by", String(200), nullable=False),
    Column("declared_at", UtcDateTime, nullable=False),
)

GRANTS = Table(
    "data_mount_grants",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("mount", String(60), nullable=False),
    Column("run_id", String(100), nullable=False),
    Column("provider", String(60), nullable=False),
    Column("size_mib", BigInteger, nullable=False),
    Column("path", String(4400), nullable=False),
    Column("is_ours", Boolean, nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("process_started", String(80), nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
)
