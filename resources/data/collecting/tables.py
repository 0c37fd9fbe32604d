"""The tables of what is to go, of who depends on versions, and of the scrub."""

from sqlalchemy import BigInteger, Column, Index, String, Table

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

CONDEMNED = Table(
    "data_condemned",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
)

DEPENDENTS = Table(
    "data_dependents",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("key", String(300), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("name", String(300), primary_key=True),
    Column("until", UtcDateTime),
    Column("said_by", String(200), nullable=False),
    Column("said_at", UtcDateTime, nullable=False),
    Index("data_dependents_by_name", "kind", "name"),
)

SCRUBS = Table(
    "data_scrubs",
    METADATA,
    Column("store", String(100), primary_key=True),
    Column("cursor_name", String(40), nullable=False),
    Column("began_at", UtcDateTime),
    Column("last_at", UtcDateTime),
    Column("passes", BigInteger, nullable=False),
)

DAMAGE = Table(
    "data_damage",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("found_at", UtcDateTime, nullable=False),
)
