"""The rows: which samples came, and which version takes each one up."""

from sqlalchemy import Column, Index, Integer, String, Table, Text, UniqueConstraint

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

ARRIVALS = Table(
    "data_arrivals",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("dataset", String(100), nullable=False),
    Column("sample", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("md5", String(40), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("arrived_at", UtcDateTime, nullable=False),
    Column("problem", Text),
    Column("version", String(40)),
    Column("metadata", Text),
    Column("texts", Integer),
    UniqueConstraint("dataset", "sample"),
    Index("ix_data_arrivals_version", "dataset", "version"),
)
