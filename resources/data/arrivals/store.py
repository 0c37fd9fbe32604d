"""Reading and writing the rows of arrivals, in the caller's transaction."""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, func, select, update

from resources.data.arrivals.model import Arrival
from resources.data.arrivals.tables import ARRIVALS
from resources.data.storage.objects import ObjectStore, StoredObject
from resources.data.versions import sweeps
from resources.database.bulk import insert_rows
from resources.database.plain import plain_over
from resources.errors import Conflict
from resources.terms import DatasetName, SampleId, VersionKey


def known_samples(connection: Connection, dataset: DatasetName) -> set[SampleId]:
    """All that ever came, and the files that held some of them."""
    rows = connection.execute(select(ARRIVALS.c.sample).where(ARRIVALS.c.dataset == dataset))
    return {SampleId(row.sample) for row in rows}


def places_of(connection: Connection, dataset: DatasetName) -> dict[SampleId, str]:
    """All that ever came, and where each one is now, in words."""
    columns = select(ARRIVALS.c.sample, ARRIVALS.c.version, ARRIVALS.c.problem, ARRIVALS.c.texts)
    rows = connection.execute(columns.where(ARRIVALS.c.dataset == dataset))
    return {SampleId(row.sample): _place(row.version, row.problem, row.texts) for row in rows}


def add(connection: Connection, arrivals: Iterable[Arrival]) -> None:
    """Write new ones down, in the order in which they came."""
    insert_rows(
        connection,
        ARRIVALS,
        [
            {
                "dataset": one.dataset,
                "sample": one.sample,
                "name": one.name,
                "md5": one.stored.md5,
                "size_bytes": one.stored.size_bytes,
                "arrived_at": one.arrived_at,
                "problem": one.problem,
                "version": one.version,
                "metadata": json.dumps(dict(one.metadata), ensure_ascii=False) if one.metadata else None,
                "texts": one.texts,
            }
            for one in arrivals
        ],
    )


def come_with(connection: Connection, objects: ObjectStore, arrivals: Sequence[Arrival], epoch: int) -> None:
    """Write down what comes with the version that is planned; its content was stored after sweep ``epoch``.

    Raises :class:`Conflict` where it was collected in between, for nothing said yet that it is needed.
    """
    if not arrivals:
        return
    rows = plain_over(connection)
    if sweeps.epoch(rows) != epoch or sweeps.is_sweeping(rows):
        gone = [one.name for one in arrivals if not objects.holds(one.stored)]
        if gone:
            raise Conflict(
                f"{len(gone)} samples were collected before they were taken in, such as {gone[0]}",
                "Nothing is lost: run the same thing again.",
            )
    known = known_samples(connection, arrivals[0].dataset)
    add(connection, [one for one in arrivals if one.sample not in known])


def waiting_count(connection: Connection, dataset: DatasetName) -> int:
    """How many can be used and no version takes up yet."""
    counted = connection.execute(select(func.count()).select_from(ARRIVALS).where(*_waits(dataset))).scalar()
    return int(counted or 0)


def assign(connection: Connection, dataset: DatasetName, version: VersionKey) -> int:
    """Let a version that is planned take up all that wait; how many these are."""
    changed = connection.execute(update(ARRIVALS).where(*_waits(dataset)).values(version=version))
    return changed.rowcount


def of_version(connection: Connection, dataset: DatasetName, version: VersionKey) -> list[Arrival]:
    """What a version takes up, in the order in which it came."""
    return _read(connection, ARRIVALS.c.dataset == dataset, ARRIVALS.c.version == version)


def all_of(connection: Connection, dataset: DatasetName) -> list[Arrival]:
    """All samples that ever came, in the order in which they did."""
    return _read(connection, ARRIVALS.c.dataset == dataset, ARRIVALS.c.texts.is_(None))


def left_out(connection: Connection, dataset: DatasetName) -> list[Arrival]:
    """What came and can go into no version."""
    return _read(connection, ARRIVALS.c.dataset == dataset, ARRIVALS.c.problem.is_not(None))


def _read(connection: Connection, *conditions: ColumnElement[bool]) -> list[Arrival]:
    rows = connection.execute(select(ARRIVALS).where(*conditions).order_by(ARRIVALS.c.number)).all()
    return [
        Arrival(
            DatasetName(row.dataset),
            SampleId(row.sample),
            row.name,
            StoredObject(row.md5, row.size_bytes),
            row.arrived_at,
            row.problem,
            None if row.version is None else VersionKey(row.version),
            tuple(json.loads(row.metadata).items()) if row.metadata else (),
            row.texts,
        )
        for row in rows
    ]


def _place(version: str | None, problem: str | None, texts: int | None) -> str:
    if texts is not None:
        return "it came before, and all that it holds"
    if problem is not None:
        return f"it came before and is of no use: {problem}"
    return "it waits for a version already" if version is None else f"it came before, for {version}"


def _waits(dataset: DatasetName) -> Sequence[ColumnElement[bool]]:
    return (
        ARRIVALS.c.dataset == dataset,
        ARRIVALS.c.version.is_(None),
        ARRIVALS.c.problem.is_(None),
        ARRIVALS.c.texts.is_(None),
    )
