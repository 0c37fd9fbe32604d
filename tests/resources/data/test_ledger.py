"""The rows of data sets, on either database."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from resources.data import ledger
from resources.data.model import ConfirmedLabel, Snapshot, Split, VersionRecord, VersionState
from resources.database.engine import Database
from resources.terms import DatasetName, Label, SampleId, VersionKey

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CATS, V0, V1 = DatasetName("cats"), VersionKey("v1.0"), VersionKey("v1.1")
PLANNED = VersionRecord(CATS, V0, None, VersionState.PLANNED, NOW, None, None, 0, None, None, None)
LABELS = [ConfirmedLabel(SampleId(name), Label("cat"), f"ref-{name}") for name in ("b", "a")]


@pytest.fixture
def rows(any_database: Database) -> Iterator[Connection]:
    with any_database.write() as connection:
        yield connection


def test_a_planned_version_is_sealed_once(rows: Connection) -> None:
    ledger.add_planned(rows, PLANNED, [])
    counts = {Split.TRAIN: 4, Split.POOL: 14, Split.TEST: 6}
    sealed = [ledger.mark_sealed(rows, PLANNED, tree_md5=md5, counts=counts, at=NOW) for md5 in ("x", "y")]
    assert sealed == [True, False]
    assert ledger.all_versions(rows, CATS) == [
        replace(PLANNED, state=VersionState.SEALED, sealed_at=NOW, tree_md5="x", labelled=4, pool=14, test=6)
    ]


def test_labels_keep_the_order_in_which_they_were_given(rows: Connection) -> None:
    ledger.add_planned(rows, replace(PLANNED, version=V1, parent=V0, new_labels=2), LABELS)
    assert ledger.labels_of(rows, CATS, V1) == LABELS
    assert ledger.versions_by_ref(rows, CATS) == {"ref-a": V1, "ref-b": V1}


def test_a_label_goes_into_one_version_only(any_database: Database) -> None:
    def plan(version: VersionKey) -> None:
        with any_database.write() as connection:
            ledger.add_planned(connection, replace(PLANNED, version=version), LABELS)

    plan(V0)
    with pytest.raises(IntegrityError):
        plan(V1)
    with any_database.read() as connection:
        assert [one.version for one in ledger.all_versions(connection, CATS)] == [V0]


def test_a_snapshot_is_written_down_once_and_the_newest_is_found(rows: Connection) -> None:
    first = Snapshot("a" * 64, CATS, V0, "x", "rule", "transform", "code", Path("a.json"))
    second = replace(first, id="0" * 64)
    assert [ledger.add_snapshot(rows, one, NOW) for one in (first, first, second)] == [True, False, True]
    assert ledger.newest_snapshot(rows, CATS, V0) == second.id
    assert ledger.newest_snapshot(rows, CATS, V1) is None
