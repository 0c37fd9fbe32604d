"""The table of measurements."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Integer,
    Row,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime
from resources.kinds import Measure
from resources.registry.evaluations.model import Measurement, SliceName, SliceScore
from resources.terms import DatasetName, Label, VersionKey

MEASUREMENTS = Table(
    "measurements",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("test_set", String(64), primary_key=True),
    Column("dataset_version", String(300), nullable=False),
    Column("test_count", Integer, nullable=False),
    Column("measure", String(20), nullable=False),
    Column("value", Float, nullable=False),
    Column("calibration_error", Float),
    Column("brier", Float),
    Column("latency_p50_ms", Float),
    Column("latency_p99_ms", Float),
    Column("size_bytes", BigInteger, nullable=False),
    Column("parameters", BigInteger, nullable=False),
    Column("forgetting", Float),
    Column("lease_s", Float, nullable=False),
    Column("cost", Text),
    Column("details", Text, nullable=False),
    Column("measured_at", UtcDateTime, nullable=False),
)

_DETAILS = ("recalls", "slices", "params", "confusion")
"""What is a table of its own for each model, as JSON: nobody asks the database about a part of it."""


def put_measurement(connection: Connection, measured: Measurement) -> None:
    """Keep it as the one of its model and test set."""
    table = MEASUREMENTS.c
    connection.execute(
        delete(MEASUREMENTS).where(
            table.dataset == measured.dataset,
            table.number == measured.number,
            table.test_set == measured.test_set,
        )
    )
    connection.execute(insert(MEASUREMENTS).values(**_row(measured)))


def drop_measurements(connection: Connection, dataset: DatasetName, number: int) -> None:
    """Forget all of a model."""
    table = MEASUREMENTS.c
    connection.execute(delete(MEASUREMENTS).where(table.dataset == dataset, table.number == number))


def measurements_of(
    connection: Connection, dataset: DatasetName, number: int | None = None
) -> list[Measurement]:
    """Those of a data set, or of one model, by number and then by time."""
    table = MEASUREMENTS.c
    wanted = select(MEASUREMENTS).where(table.dataset == dataset)
    if number is not None:
        wanted = wanted.where(table.number == number)
    rows = connection.execute(wanted.order_by(table.number, table.measured_at, table.test_set)).all()
    return [_measurement(row) for row in rows]


def state_of(connection: Connection, dataset: DatasetName) -> tuple[int, datetime | None]:
    """How many there are of a data set, and when the newest was made."""
    table = MEASUREMENTS.c
    wanted = select(func.count(), func.max(table.measured_at)).where(table.dataset == dataset)
    count, newest = connection.execute(wanted).one()
    return count, newest


def has_measurement(connection: Connection, dataset: DatasetName, number: int, test_set: str) -> bool:
    """Whether a model was measured on a test set."""
    table = MEASUREMENTS.c
    wanted = select(table.number).where(
        table.dataset == dataset, table.number == number, table.test_set == test_set
    )
    return connection.execute(wanted).first() is not None


def _row(measured: Measurement) -> dict[str, object]:
    content: dict[str, Any] = asdict(measured)
    details = {name: content.pop(name) for name in _DETAILS}
    return content | {"details": json.dumps(details)}


def _measurement(row: Row[tuple[object, ...]]) -> Measurement:
    content: dict[str, Any] = row._asdict()
    details = json.loads(content.pop("details"))
    return Measurement(
        **content
        | {
            "dataset_version": VersionKey(row.dataset_version),
            "measure": Measure(row.measure),
            "recalls": {Label(name): value for name, value in details["recalls"].items()},
            "slices": {SliceName(name): SliceScore(**one) for name, one in details["slices"].items()},
            "params": details["params"],
            "confusion": tuple(map(tuple, details["confusion"])),
        }
    )
