"""The rows: which versions exist, which confirmed labels each one took up, which snapshots are frozen."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    insert,
    select,
    update,
)

from resources.data.model import ConfirmedLabel, Snapshot, Split, VersionRecord, VersionState
from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime
from resources.terms import DatasetName, Label, SampleId, VersionKey, version_order

VERSIONS = Table(
    "dataset_versions",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("version", String(40), primary_key=True),
    Column("parent", String(40)),
    Column("state", String(20), nullable=False),
    Column("planned_at", UtcDateTime, nullable=False),
    Column("sealed_at", UtcDateTime),
    Column("tree_md5", String(40)),
    Column("new_labels", Integer, nullable=False),
    Column("labelled", Integer),
    Column("pool", Integer),
    Column("test", Integer),
    Column("adopted", Boolean, nullable=False, server_default=false()),
    Column("starts_from", String(200)),
)

LABELS = Table(
    "dataset_labels",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("ref", String(200), primary_key=True),
    Column("version", String(40), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("sample", String(64), nullable=False),
    Column("label", Text, nullable=False),
)

SNAPSHOTS = Table(
    "dataset_snapshots",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("id", String(64), nullable=False),
    Column("dataset", String(100), nullable=False),
    Column("version", String(300), nullable=False),
    Column("frozen_at", UtcDateTime, nullable=False),
    UniqueConstraint("id"),
)


def all_versions(connection: Connection, dataset: DatasetName) -> list[VersionRecord]:
    """The versions of a data set, oldest first."""
    rows = connection.execute(select(VERSIONS).where(VERSIONS.c.dataset == dataset)).all()
    records = [
        VersionRecord(
            DatasetName(row.dataset),
            VersionKey(row.version),
            None if row.parent is None else VersionKey(row.parent),
            VersionState(row.state),
            row.planned_at,
            row.sealed_at,
            row.tree_md5,
            row.new_labels,
            row.labelled,
            row.pool,
            row.test,
            row.adopted,
            row.starts_from,
        )
        for row in rows
    ]
    return sorted(records, key=lambda record: version_order(record.version))


def add_planned(connection: Connection, record: VersionRecord, labels: Sequence[ConfirmedLabel]) -> None:
    """Write a planned version and the labels that it takes up."""
    connection.execute(
        insert(VERSIONS).values(
            dataset=record.dataset,
            version=record.version,
            parent=record.parent,
            state=record.state,
            planned_at=record.planned_at,
            new_labels=record.new_labels,
            adopted=record.adopted,
            starts_from=record.starts_from,
        )
    )
    for position, label in enumerate(labels):
        connection.execute(
            insert(LABELS).values(
                dataset=record.dataset,
                ref=label.ref,
                version=record.version,
                position=position,
                sample=label.sample,
                label=label.label,
            )
        )


def versions_by_ref(connection: Connection, dataset: DatasetName) -> dict[str, VersionKey]:
    """For each ref that was taken up the version that did."""
    rows = connection.execute(select(LABELS.c.ref, LABELS.c.version).where(LABELS.c.dataset == dataset)).all()
    return {row.ref: VersionKey(row.version) for row in rows}


def version_of_refs(connection: Connection, dataset: DatasetName, prefix: str) -> VersionKey | None:
    """The version that took up labels whose refs begin with ``prefix``, or None."""
    found = connection.execute(
        select(LABELS.c.version)
        .where(LABELS.c.dataset == dataset, LABELS.c.ref.startswith(prefix, autoescape=True))
        .limit(1)
    ).scalar()
    return None if found is None else VersionKey(found)


def labels_of(connection: Connection, dataset: DatasetName, version: VersionKey) -> list[ConfirmedLabel]:
    """The labels that a version takes up, in the order in which they were given."""
    rows = connection.execute(
        select(LABELS)
        .where(LABELS.c.dataset == dataset, LABELS.c.version == version)
        .order_by(LABELS.c.position)
    ).all()
    return [ConfirmedLabel(SampleId(row.sample), Label(row.label), row.ref) for row in rows]


def mark_sealed(
    connection: Connection, record: VersionRecord, *, tree_md5: str, counts: dict[Split, int], at: datetime
) -> bool:
    """Make a planned version a sealed one. False when another one did before."""
    changed = connection.execute(
        update(VERSIONS)
        .where(
            VERSIONS.c.dataset == record.dataset,
            VERSIONS.c.version == record.version,
            VERSIONS.c.state == VersionState.PLANNED,
        )
        .values(
            state=VersionState.SEALED,
            sealed_at=at,
            tree_md5=tree_md5,
            labelled=counts[Split.TRAIN],
            pool=counts[Split.POOL],
            test=counts[Split.TEST],
        )
    )
    return changed.rowcount == 1


def add_snapshot(connection: Connection, snapshot: Snapshot, at: datetime) -> bool:
    """Write a snapshot down, once. False when it is there already."""
    if connection.execute(select(SNAPSHOTS.c.id).where(SNAPSHOTS.c.id == snapshot.id)).first() is not None:
        return False
    connection.execute(
        insert(SNAPSHOTS).values(
            id=snapshot.id,
            dataset=snapshot.dataset,
            version=snapshot.dataset_version,
            frozen_at=at,
        )
    )
    return True


def newest_snapshot(connection: Connection, dataset: DatasetName, version: VersionKey) -> str | None:
    """The id of the snapshot that was frozen last, or None."""
    row = connection.execute(
        select(SNAPSHOTS.c.id)
        .where(SNAPSHOTS.c.dataset == dataset, SNAPSHOTS.c.version == version)
        .order_by(SNAPSHOTS.c.number.desc())
    ).first()
    return None if row is None else str(row.id)
