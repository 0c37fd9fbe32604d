"""Many rows at once are stored as rows one by one are, by every database."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Row, delete, insert, select
from sqlalchemy.exc import IntegrityError

from resources.database.bulk import insert_rows, update_rows
from resources.database.engine import Database
from resources.gpu.tables import DECISIONS, SHARES
from resources.gpu.tables import RESERVATIONS as ROWS

EAST = timezone(timedelta(hours=8))
ODD = """tab\t, line\n, "quoted", 'so', \\n as written, %(name)s, %s, 中文, 🙂, {"json": null}"""


def test_rows_come_back_as_they_were_written(any_database: Database) -> None:
    rows = [_row("first"), _row(ODD, user=None, starts_at=datetime(2026, 1, 2, 3, 4, 5, 678901, EAST))]
    with any_database.write() as connection:
        insert_rows(connection, ROWS, rows)

    assert _read(any_database) == sorted(rows, key=lambda row: row["name"])


def test_many_rows_are_the_same_as_one_by_one(any_database: Database) -> None:
    texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)

    @given(st.lists(st.tuples(texts, st.none() | texts, st.integers(-(2**31), 2**31 - 1)), max_size=8))
    def alike(values: list[tuple[str, str | None, int]]) -> None:
        rows = [
            _row(f"{at}", text=text, user=user, milli=milli) for at, (text, user, milli) in enumerate(values)
        ]
        with any_database.write() as connection:
            connection.execute(delete(ROWS))
            insert_rows(connection, ROWS, rows)
            at_once = [tuple(row) for row in connection.execute(select(ROWS))]
            connection.execute(delete(ROWS))
            for row in rows:
                connection.execute(insert(ROWS).values(**row))
            assert [tuple(row) for row in connection.execute(select(ROWS))] == at_once

    alike()


def test_columns_left_out_get_their_default(any_database: Database) -> None:
    values = {"kind": "grant", "run_id": "r", "attempt": 1, "devices": "", "rule": "A1", "reason": "so"}
    rows = [{**values, "at": datetime(2026, 1, 2, tzinfo=UTC), "reason_values": "{}"}] * 2
    with any_database.write() as connection:
        insert_rows(connection, DECISIONS, rows)
        insert_rows(connection, DECISIONS, rows)
        found = connection.execute(select(DECISIONS.c.id, DECISIONS.c.for_run)).all()

    assert [tuple(row) for row in found] == [(1, None), (2, None), (3, None), (4, None)]


def test_no_rows_are_no_statement(any_database: Database) -> None:
    with any_database.write() as connection:
        insert_rows(connection, ROWS, [])
        update_rows(connection, ROWS, [])

    assert _read(any_database) == []


def test_each_row_is_changed_to_its_own_values(any_database: Database) -> None:
    rows = [_row("a"), _row("b", user="before"), _row("c")]
    with any_database.write() as connection:
        insert_rows(connection, ROWS, rows)
        update_rows(
            connection,
            ROWS,
            [
                {"name": "a", "text": "100 % of 'it'", "user": "new"},
                {"name": "b", "text": "2", "user": None},
                {"name": "unknown", "text": "3", "user": "nobody"},
            ],
        )

    assert _read(any_database) == [
        {**rows[0], "text": "100 % of 'it'", "user": "new"},
        {**rows[1], "text": "2", "user": None},
        rows[2],
    ]


def test_a_row_that_is_not_as_expected_stays(any_database: Database) -> None:
    rows = [_row("a", project="mine"), _row("b", project="theirs")]
    with any_database.write() as connection:
        insert_rows(connection, ROWS, rows)
        changes = [{"name": name, "text": "changed"} for name in "ab"]
        update_rows(connection, ROWS, changes, where={"project": "mine"})

    assert [row["text"] for row in _read(any_database)] == ["changed", rows[1]["text"]]


def test_rows_of_a_key_of_several_columns_are_told_apart(any_database: Database) -> None:
    keys = [{"device": device, "run_id": run, "attempt": 1} for device in "xy" for run in "pq"]
    with any_database.write() as connection:
        insert_rows(connection, SHARES, [{**key, "milli": 1} for key in keys])
        update_rows(connection, SHARES, [{**key, "milli": 100 + at} for at, key in enumerate(keys)])
        found = connection.execute(select(SHARES.c.device, SHARES.c.run_id, SHARES.c.milli)).all()

    assert {(row.device, row.run_id): row.milli for row in found} == {
        (key["device"], key["run_id"]): 100 + at for at, key in enumerate(keys)
    }


def test_a_row_that_is_there_already_takes_all_of_them_back(any_database: Database) -> None:
    with any_database.write() as connection:
        insert_rows(connection, ROWS, [_row("a")])
    with pytest.raises(IntegrityError), any_database.write() as connection:
        insert_rows(connection, ROWS, [_row("b"), _row("a")])

    assert [row["name"] for row in _read(any_database)] == ["a"]


def _row(name: str, **other: Any) -> dict[str, Any]:
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    row = {
        "name": name,
        "project": "vision",
        "user": "ana",
        "text": "2(V100)",
        "devices": "",
        "milli": 1000,
        "memory_mib": 0,
        "terms": "{}",
        "starts_at": now,
        "ends_at": now + timedelta(hours=1),
        "actor": "ana",
    }
    return {**row, **other}


def _read(database: Database) -> list[dict[str, Any]]:
    with database.read() as connection:
        rows: list[Row[Any]] = list(connection.execute(select(ROWS)).all())
    return sorted((dict(row._mapping) for row in rows), key=lambda row: row["name"])
