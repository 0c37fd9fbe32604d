"""The rows of result snapshots. Every function works inside the caller's transaction."""

from resources.data.results.model import Follow, ResultSnapshot
from resources.database.plain import Plain, Row, moment
from resources.terms import DatasetName, VersionKey

_COLUMNS = (
    "dataset, version, branch, snapshot_id, weights_sha256, results, key, run_id, model, made_at, follow"
)


def result(rows: Plain, dataset: DatasetName, snapshot_id: str, weights_sha256: str) -> ResultSnapshot | None:
    """The result of a training that started from a snapshot and came to these weights."""
    found = rows.rows(
        f"SELECT {_COLUMNS} FROM data_results WHERE dataset = :dataset "  # noqa: S608 - names of ours
        "AND snapshot_id = :snapshot_id AND weights_sha256 = :weights_sha256",
        dataset=dataset,
        snapshot_id=snapshot_id,
        weights_sha256=weights_sha256,
    )
    return _result(found[0]) if found else None


def results(rows: Plain, dataset: DatasetName) -> list[ResultSnapshot]:
    """All results of a data set, oldest first."""
    found = rows.rows(
        f"SELECT {_COLUMNS} FROM data_results WHERE dataset = :dataset ORDER BY made_at, key",  # noqa: S608 - names of ours
        dataset=dataset,
    )
    return [_result(row) for row in found]


def keep(rows: Plain, kept: ResultSnapshot) -> None:
    """Write a result down as it is now."""
    rows.run(
        "DELETE FROM data_results WHERE dataset = :dataset AND snapshot_id = :snapshot_id "
        "AND weights_sha256 = :weights_sha256",
        dataset=kept.dataset,
        snapshot_id=kept.snapshot_id,
        weights_sha256=kept.weights_sha256,
    )
    rows.run(
        f"INSERT INTO data_results ({_COLUMNS}) VALUES (:dataset, :version, :branch, :snapshot_id, "  # noqa: S608 - names of ours
        ":weights_sha256, :results, :key, :run_id, :model, :made_at, :follow)",
        **vars(kept) | {"follow": None if kept.follow is None else kept.follow.value},
    )


def _result(row: Row) -> ResultSnapshot:
    return ResultSnapshot(
        dataset=DatasetName(row[0]),
        version=VersionKey(row[1]),
        branch=row[2],
        snapshot_id=row[3],
        weights_sha256=row[4],
        results=DatasetName(row[5]),
        key=VersionKey(row[6]),
        run_id=row[7],
        model=row[8],
        made_at=moment(row[9]),
        follow=None if row[10] is None else Follow(row[10]),
    )
