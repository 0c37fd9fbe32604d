"""The table of licences. Statements about it stand in the service beside, as text."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

LICENCES = Table(
    "data_licences",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("dataset", String(100), nullable=False),
    Column("key", String(300), nullable=False),
    Column("text", Text, nullable=False),
    Column("said_by", String(200), nullable=False),
    Column("said_at", UtcDateTime, nullable=False),
    Index("data_licences_by_dataset", "dataset", "key"),
)
"""Rows are added, and never changed: the newest of a data set, or of a version, counts."""
