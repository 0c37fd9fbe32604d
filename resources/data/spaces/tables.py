"""The table of spaces."""

from sqlalchemy import Column, String, Table, Text

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

SPACES = Table(
    "data_spaces",
    METADATA,
    Column("user_name", String(100), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("dataset", String(100), nullable=False),
    Column("base", String(300), nullable=False),
    Column("path", Text, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("state", String(20), nullable=False, server_default="made"),
)
