"""The forecasts that were made, newest last: what the arbiter reads, and what can be compared later."""

from sqlalchemy import Column, Integer, String, Table, Text

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

FORECASTS = Table(
    "gpu_forecasts",
    METADATA,
    Column("start_s", Integer, primary_key=True),  # the first hour, in seconds since 1970: one for each
    Column("made_at", UtcDateTime, nullable=False),
    Column("model", String(200), nullable=False),  # as MLflow calls it
    Column("content", Text, nullable=False),  # JSON: project to method, median and high, in milli by the hour
)
