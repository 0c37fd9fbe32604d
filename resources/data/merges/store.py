"""The rows of merges and answers. Every function works inside the caller's transaction."""

import json
from datetime import datetime

from resources.data.merges.model import Answer, Merge, MergeState
from resources.data.merging.model import Choice, Mode, Policy, PolicyRule, Resolution
from resources.database.plain import Plain, Row, moment
from resources.terms import Actor, DatasetName, VersionKey

_COLUMNS = "dataset, branch, state, policy, conflicts, base, ours, theirs, merged_as, begun_by, changed_at"


def merges(rows: Plain, dataset: DatasetName | None = None) -> list[Merge]:
    """All merges, the newest first."""
    found = rows.rows(
        f"SELECT {_COLUMNS} FROM data_merges "  # noqa: S608 - names of ours
        "WHERE :dataset = '' OR dataset = :dataset ORDER BY changed_at DESC, branch",
        dataset=dataset or "",
    )
    return [_merge(row) for row in found]


def merge_of(rows: Plain, dataset: DatasetName, branch: str) -> Merge | None:
    """The merge of a branch, if one was begun."""
    found = rows.rows(
        f"SELECT {_COLUMNS} FROM data_merges WHERE dataset = :dataset AND branch = :branch",  # noqa: S608 - texts of ours
        dataset=dataset,
        branch=branch,
    )
    return _merge(found[0]) if found else None


def keep_merge(rows: Plain, kept: Merge) -> None:
    """Write a merge down as it is now."""
    rows.run(
        "DELETE FROM data_merges WHERE dataset = :dataset AND branch = :branch",
        dataset=kept.dataset,
        branch=kept.branch,
    )
    rules = [[rule.glob, rule.mode.value] for rule in kept.policy.rules]
    rows.run(
        "INSERT INTO data_merges (dataset, branch, state, policy, conflicts, base, ours, theirs, merged_as, "
        "begun_by, changed_at) "
        "VALUES (:dataset, :branch, :state, :policy, :conflicts, :base, :ours, :theirs, :merged_as, "
        " :begun_by, :changed_at)",
        **vars(kept) | {"state": kept.state.value, "policy": json.dumps(rules)},
    )


def answers(rows: Plain, dataset: DatasetName, branch: str) -> list[Answer]:
    """The answers to the conflicts of a merge, in the order in which they were given."""
    found = rows.rows(
        "SELECT number, choice, conflict, glob, value, given_by, given_at FROM data_resolutions "
        "WHERE dataset = :dataset AND branch = :branch ORDER BY number",
        dataset=dataset,
        branch=branch,
    )
    return [
        Answer(row[0], Resolution(Choice(row[1]), row[2], row[3], row[4]), Actor(row[5]), moment(row[6]))
        for row in found
    ]


def add_answer(
    rows: Plain, dataset: DatasetName, branch: str, given: Resolution, actor: Actor, now: datetime
) -> None:
    """Write an answer down. One to the same conflict, or by the same pattern, takes its place."""
    rows.run(
        "DELETE FROM data_resolutions WHERE dataset = :dataset AND branch = :branch "
        "AND COALESCE(conflict, '') = :conflict AND COALESCE(glob, '') = :glob",
        dataset=dataset,
        branch=branch,
        conflict=given.conflict or "",
        glob=given.glob or "",
    )
    [(last,)] = rows.rows(
        "SELECT max(number) FROM data_resolutions WHERE dataset = :dataset AND branch = :branch",
        dataset=dataset,
        branch=branch,
    )
    rows.run(
        "INSERT INTO data_resolutions (dataset, branch, number, choice, conflict, glob, value, given_by, "
        "given_at) VALUES (:dataset, :branch, :number, :choice, :conflict, :glob, :value, :actor, :now)",
        dataset=dataset,
        branch=branch,
        number=1 if last is None else int(last) + 1,
        choice=given.choice.value,
        conflict=given.conflict,
        glob=given.glob,
        value=given.value,
        actor=actor,
        now=now,
    )


def _merge(row: Row) -> Merge:
    rules = tuple(PolicyRule(glob, Mode(mode)) for glob, mode in json.loads(row[3]))
    return Merge(
        DatasetName(row[0]),
        row[1],
        MergeState(row[2]),
        Policy(rules),
        row[4],
        VersionKey(row[5]),
        VersionKey(row[6]),
        VersionKey(row[7]),
        None if row[8] is None else VersionKey(row[8]),
        Actor(row[9]),
        moment(row[10]),
    )
