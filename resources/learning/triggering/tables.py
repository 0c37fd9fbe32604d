"""The tables of triggers."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

EVALUATIONS = Table(  # a row for each change of what was found; the newest is the last evaluation
    "trigger_evaluations",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("dataset", String(100), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("signature", Text, nullable=False),
    Column("verdict", Text, nullable=False),  # JSON
    Column("version", String(40)),
    Index("trigger_evaluations_by_dataset", "dataset", "id"),
)

WISHES = Table(
    "trigger_wishes",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("dataset", String(100), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("after", String(40)),
    Column("taken_at", UtcDateTime),
    Column("version", String(40)),
    Column("withdrawn", Boolean, nullable=False),
    Index("trigger_wishes_by_dataset", "dataset", "taken_at"),
)

PAUSES = Table(
    "trigger_pauses",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("what", String(20), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("reason", Text, nullable=False),
)
