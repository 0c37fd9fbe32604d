"""The rows of the rules, and what a plan rests on. Every function works in the caller's transaction."""

from datetime import datetime

from resources.data.collecting.dependents import dependents
from resources.data.locks import store as locks
from resources.data.locks.model import LockState
from resources.data.retention.model import Rule, Standing
from resources.data.versions import store
from resources.database.plain import Plain, moment
from resources.terms import Actor, DatasetName, VersionKey


def rules(rows: Plain) -> list[Rule]:
    """All rules, by data set."""
    found = rows.rows(
        "SELECT dataset, keep_last, keep_younger_s, close_after_s, said_by, said_at FROM data_retention "
        "ORDER BY dataset"
    )
    return [Rule(DatasetName(row[0]), row[1], row[2], row[3], Actor(row[4]), moment(row[5])) for row in found]


def set_rule(rows: Plain, rule: Rule) -> None:
    """Let this be the rule of its data set."""
    drop_rule(rows, rule.dataset)
    rows.run(
        "INSERT INTO data_retention (dataset, keep_last, keep_younger_s, close_after_s, said_by, said_at) "
        "VALUES (:dataset, :keep_last, :keep_younger_s, :close_after_s, :said_by, :said_at)",
        **vars(rule),
    )


def drop_rule(rows: Plain, dataset: DatasetName) -> bool:
    """Forget a rule; False where there is none."""
    return bool(rows.run("DELETE FROM data_retention WHERE dataset = :dataset", dataset=dataset))


def standing(rows: Plain, dataset: DatasetName, now: datetime) -> Standing:
    """A data set as retention sees it."""
    held: dict[VersionKey, list[str]] = {}
    for one in dependents(rows, dataset, None, now):
        held.setdefault(one.key, []).append(f"the {one.kind.value} {one.name}")
    for tag, key in store.tags(rows, dataset).items():
        held.setdefault(key, []).append(f"the tag {tag}")
    at_work = [one for one in locks.locks(rows, dataset, now) if one.state is LockState.HELD]
    for key in _not_taken_up(rows, dataset):
        held.setdefault(key, []).append("its pipeline, which has not taken it up yet")
    worked_on = _merging(rows, dataset) | {one.line: now for one in at_work}
    return Standing(store.versions(rows, dataset), store.branches(rows, dataset), held, worked_on)


def _not_taken_up(rows: Plain, dataset: DatasetName) -> list[VersionKey]:
    """Versions of the main line that people committed and that wait for the pipeline of the data set."""
    found = rows.rows(
        "SELECT v.key FROM data_versions v "
        "LEFT JOIN dataset_versions p ON p.dataset = v.dataset AND p.version = v.key "
        "WHERE v.dataset = :dataset AND v.branch IS NULL AND p.version IS NULL "
        "AND EXISTS (SELECT 1 FROM dataset_versions q WHERE q.dataset = :dataset) ORDER BY v.number",
        dataset=dataset,
    )
    return [VersionKey(row[0]) for row in found]


def _merging(rows: Plain, dataset: DatasetName) -> dict[str, datetime]:
    """When somebody last worked on the merge of each branch."""
    found = rows.rows("SELECT branch, changed_at FROM data_merges WHERE dataset = :dataset", dataset=dataset)
    found += rows.rows(
        "SELECT branch, max(given_at) FROM data_resolutions WHERE dataset = :dataset GROUP BY branch",
        dataset=dataset,
    )
    last: dict[str, datetime] = {}
    for branch, at in found:
        last[branch] = max(last.get(branch, moment(at)), moment(at))
    return last
