"""What a process knows of a ledger is brought up to date by what has changed since."""

import ast
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from resources.database.engine import Database
from resources.gpu import ledger
from resources.gpu.changes import last_change
from resources.gpu.duties.desk import desk_of
from resources.gpu.duties.rows import Rows
from resources.gpu.model import Attempt, Lease, RunId, WaitingRequest
from tests.resources.gpu import ledger_player
from tests.resources.gpu.duties.clock import ANN, ME, Clock, end, submit, two_slots


def read(database: Database, rows: Rows) -> tuple[list[Lease], list[WaitingRequest]]:
    with database.read() as connection:
        found = rows.read(connection)
        assert found == (ledger.live_leases(connection), ledger.waiting_requests(connection))
    return found


def test_what_has_not_changed_is_the_same_object_as_before(any_database: Database) -> None:
    clock, rows = Clock(), Rows()
    service = two_slots(any_database, clock)
    for name in ("a", "b", "c"):
        submit(service, name)
        clock.forward(1)
    service.decide_now(ANN)
    (a, b), (c,) = read(any_database, rows)
    assert [a.run_id, b.run_id, c.run_id] == ["a", "b", "c"]
    service.claim(RunId("a"), ME)
    (claimed, same), (still,) = read(any_database, rows)
    assert claimed is not a
    assert same is b
    assert still is c


def test_what_ended_is_gone_and_what_came_stands_in_its_order(any_database: Database) -> None:
    clock, rows = Clock(), Rows()
    service = two_slots(any_database, clock)
    for name in ("a", "b", "z", "y"):
        submit(service, name)
        clock.forward(1)
    service.decide_now(ANN)
    read(any_database, rows)
    end(service, "a")
    service.withdraw(RunId("z"), reason="no more", actor=ANN)
    submit(service, "x")
    leases, waiting = read(any_database, rows)
    assert [one.run_id for one in leases] == ["b"]
    assert [one.run_id for one in waiting] == ["y", "x"]


def test_a_sign_of_life_is_no_change(any_database: Database) -> None:
    clock, rows = Clock(), Rows()
    service = two_slots(any_database, clock)
    submit(service, "a")
    service.decide_now(ANN)
    service.claim(RunId("a"), ME)
    with any_database.read() as connection:
        (before,), _ = rows.read(connection)
    service.set_holder(before.run_id, before.attempt, ME)
    with any_database.read() as connection:
        (held,), _ = rows.read(connection)
    service.note_alive()
    with any_database.read() as connection:
        (after,), _ = rows.read(connection)
        (fresh,) = ledger.live_leases(connection)
    assert fresh.heartbeat_at is not None
    assert after is held


def test_a_lease_that_is_over_never_changes(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    submit(service, "a")
    service.decide_now(ANN)
    end(service, "a")
    with any_database.write() as connection:
        before = last_change(connection)
        ledger.set_stop_asked(connection, RunId("a"), Attempt(1), clock.now)
        ledger.move_holder(connection, RunId("a"), Attempt(1), ME)
        assert ledger.leases_changed(connection, before) == []


class Looking(ledger_player.Player):
    """Looks after each pass whether what was kept of its own writes is what the ledger says."""

    looks = 0

    def decide(self) -> None:
        super().decide()
        desk = desk_of(self._database)
        with self._database.read() as connection:
            leases, waiting = desk.rows.read(connection)
            assert [_asleep(one) for one in leases] == [
                _asleep(one) for one in ledger.live_leases(connection)
            ]
            assert waiting == ledger.waiting_requests(connection)
        self.looks += len(leases)


@pytest.mark.parametrize("kind", ledger_player.KINDS)
def test_what_a_pass_wrote_is_known_without_being_read(any_database: Database, kind: str) -> None:
    player = Looking(any_database, Random(3), ledger_player.KINDS[kind])
    for _ in range(ledger_player.STEPS):
        player.step()
    assert player.looks


def _asleep(lease: Lease) -> Lease:
    return replace(lease, heartbeat_at=None)


def test_every_statement_that_writes_a_request_or_a_lease_gives_it_a_number() -> None:
    writers, numbered = set(), set()
    for path in Path(ledger.__file__).parent.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef):
                continue
            if any(_is_write(node) for node in ast.walk(function)):
                writers.add(function.name)
                numbered |= {function.name} if "changed_in" in ast.unparse(function) else set()
    assert {"add_requests", "add_leases", "set_reasons", "release", "claim", "stop"} <= numbered
    assert writers - numbered == {"set_heartbeat"}, "a sign of life is no change; whatever else is one"


def _is_write(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    of = [argument.id for argument in node.args if isinstance(argument, ast.Name)]
    return node.func.id in ("update", "insert", "update_rows", "insert_rows") and bool(
        {"LEASES", "REQUESTS"} & set(of)
    )
