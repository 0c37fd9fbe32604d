"""The table of versions."""

from sqlalchemy import Column, Integer, String, Table, Text, UniqueConstraint

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

VERSIONS = Table(  # a row for each content that a pipeline's file ever had, as far as it was made here or run
    "pipeline_versions",
    METADATA,
    Column("name", String(100), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content_hash", String(64), nullable=False),
    Column("template", String(40), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("actor", String(200), nullable=False),
    UniqueConstraint("name", "content_hash"),
)
