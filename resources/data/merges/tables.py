"""The tables of merges and of the answers to their conflicts."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

MERGES = Table(
    "data_merges",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("branch", String(280), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("policy", Text, nullable=False),
    Column("conflicts", Integer, nullable=False),
    Column("base", String(300), nullable=False),
    Column("ours", String(300), nullable=False),
    Column("theirs", String(300), nullable=False),
    Column("merged_as", String(300)),
    Column("begun_by", String(200), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Index("data_merges_by_state", "state"),
)

RESOLUTIONS = Table(
    "data_resolutions",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("branch", String(280), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("choice", String(20), nullable=False),
    Column("conflict", String(100)),
    Column("glob", Text),
    Column("value", Text),
    Column("given_by", String(200), nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
)
