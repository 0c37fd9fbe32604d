"""The history of deployments, on either database."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Executable, delete, text, update
from sqlalchemy.exc import DatabaseError

from resources.database.engine import Database
from resources.deploy_plan import DeployPlan, Strategy
from resources.serving.deployments import store
from resources.serving.deployments.model import DeploymentEvent, EndpointState, EventKind, Rollout, Served
from resources.terms import Actor

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
PLAN = DeployPlan(strategy=Strategy.SHADOW, most_replicas=3)
ROLLOUT = Rollout(1, "cats", Served(1), Served(2, "int8"), Strategy.SHADOW, 1, 0, NOW, NOW, PLAN)
EVENT = DeploymentEvent(
    1,
    "cats",
    1,
    NOW,
    EventKind.PROMOTED,
    Actor("user:tester"),
    "it is better, by 0.5 % — 更好",
    None,
    Served(2, "int8"),
    "f" * 64,
    EndpointState("cats", Served(1), ROLLOUT, PLAN),
)


@pytest.fixture
def rows(any_database: Database) -> Iterator[Connection]:
    with any_database.write() as connection:
        yield connection


def test_a_row_is_read_as_it_was_written_and_follows_the_one_before(rows: Connection) -> None:
    first = store.add(rows, EVENT)
    second = store.add(
        rows, replace(EVENT, id=2, number=2, subject=None, after=EndpointState("cats"), override="why not")
    )
    other = store.add(rows, replace(EVENT, id=3, endpoint="dogs", after=EndpointState("dogs", Served(4))))
    assert store.events_of(rows) == [first, second, other]
    assert store.events_of(rows, "cats") == [first, second]
    assert store.newest_of(rows, "cats") == second
    assert store.newest_of(rows, "mice") is None
    assert store.newest_of_each(rows) == [second, other]
    assert store.next_numbers(rows, "cats") == (4, 3)
    assert store.next_numbers(rows, "mice") == (4, 1)
    assert len({first.hash, second.hash, other.hash}) == 3
    assert store.chain_problems(rows) == []


AROUND = {
    "sqlite": "INSERT OR REPLACE INTO deployments SELECT * FROM deployments",
    "postgresql": "TRUNCATE deployments",
}
"""What takes rows away without deleting them."""


@pytest.mark.parametrize("act", ["change", "delete", "around"])
def test_the_database_itself_keeps_each_row(any_database: Database, act: str) -> None:
    with any_database.write() as connection:
        kept = store.add(connection, EVENT)
        around = AROUND[connection.dialect.name]
    statements: dict[str, Executable] = {
        "change": update(store.DEPLOYMENTS).values(why="nobody"),
        "delete": delete(store.DEPLOYMENTS),
        "around": text(around),
    }
    with pytest.raises(DatabaseError, match="only ever added to"), any_database.write() as connection:
        connection.execute(statements[act])
    with any_database.read() as connection:
        assert store.events_of(connection) == [kept]
