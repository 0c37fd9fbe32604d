"""The table of the rules."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

RETENTION = Table(
    "data_retention",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("keep_last", Integer),
    Column("keep_younger_s", BigInteger),
    Column("close_after_s", BigInteger),
    Column("said_by", String(200), nullable=False),
    Column("said_at", UtcDateTime, nullable=False),
)
