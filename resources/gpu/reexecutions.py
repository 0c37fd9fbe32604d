"""Which run each re-execution goes on with: what the first one began is not to be lost while it waits."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from resources.database.bulk import insert_rows
from resources.gpu.model import Ask, RunId
from resources.gpu.tables import REEXECUTIONS

_AT_ONCE = 500
"""A statement takes only so many values."""


def add(connection: Connection, asks: Iterable[Ask]) -> None:
    """Keep the first runs of those among ``asks`` that are re-executions; none of them is known yet."""
    rows = [
        {"run_id": ask.run_id, "root_run_id": ask.root}
        for ask in {ask.run_id: ask for ask in asks}.values()
        if ask.root not in (None, ask.run_id)
    ]
    if rows:
        insert_rows(connection, REEXECUTIONS, rows)


def roots(connection: Connection, runs: Sequence[RunId]) -> dict[RunId, RunId]:
    """The first run of each of ``runs``: itself for one that is no re-execution."""
    found = {run_id: run_id for run_id in runs}
    for begin in range(0, len(runs), _AT_ONCE):
        of = REEXECUTIONS.c.run_id.in_(runs[begin : begin + _AT_ONCE])
        for run_id, root in connection.execute(select(REEXECUTIONS).where(of)).all():
            found[RunId(run_id)] = RunId(root)
    return found
