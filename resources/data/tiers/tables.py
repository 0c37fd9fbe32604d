"""The tables of tiers."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

TIERS = Table(
    "data_tiers",
    METADATA,
    Column("tier", String(10), primary_key=True),
    Column("url", String(2000), nullable=False),
    Column("endpoint", String(500)),
    Column("profile", String(200)),
    Column("set_by", String(200), nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)

TIER_RULES = Table(
    "data_tier_rules",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("tier", String(10), primary_key=True),
    Column("unused_s", Integer, nullable=False),
    Column("age_s", Integer, nullable=False),
)

TIER_PINS = Table(
    "data_tier_pins",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("key", String(300), primary_key=True),
    Column("tier", String(10), nullable=False),
    Column("said_by", String(200), nullable=False),
    Column("said_at", UtcDateTime, nullable=False),
)

VERSION_TIERS = Table(
    "data_version_tiers",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("key", String(300), primary_key=True),
    Column("tier", String(10), nullable=False),
    Column("since", UtcDateTime, nullable=False),
)
"""Only versions that are not hot have a row."""

USES = Table(
    "data_uses",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("key", String(300), primary_key=True),
    Column("used_at", UtcDateTime, nullable=False),
)

PACKS = Table(
    "data_packs",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("tier", String(10), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("intent", String(32), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("damaged_at", UtcDateTime),
)
"""``damaged_at``: since when its file, or something in it, is known not to be what its name says."""

PACKED = Table(
    "data_packed",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("pack", String(64), primary_key=True),
    Column("tier", String(10), primary_key=True),
    Column("place", BigInteger, nullable=False),
    Column("stored_bytes", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("codec", String(10), nullable=False),
    Column("damaged_at", UtcDateTime),
    Index("data_packed_by_pack", "pack", "tier"),
)
"""``damaged_at``: since when an object is known to be damaged in this pack and does not count as there."""
