"""The table of result snapshots. Statements about it stand in the store beside, as text."""

from sqlalchemy import Column, Index, String, Table

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

RESULTS = Table(
    "data_results",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("snapshot_id", String(64), primary_key=True),
    Column("weights_sha256", String(64), primary_key=True),
    Column("version", String(300), nullable=False),
    Column("branch", String(280)),
    Column("results", String(110), nullable=False),
    Column("key", String(300), nullable=False),
    Column("run_id", String(64), nullable=False),
    Column("model", String(300)),
    Column("made_at", UtcDateTime, nullable=False),
    Column("follow", String(20)),
    Index("data_results_by_version", "dataset", "version"),
)
