"""One Dagster instance turns the loop of a home; a second one waits until the first has gone."""

from datetime import UTC, datetime, timedelta

import pytest

from resources.database.audit import recent
from resources.database.engine import Database
from resources.errors import Conflict
from resources.runs.loop_owner import SILENT_AFTER, claim_loop
from resources.terms import Actor

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SENSOR = Actor("sensor:digits_annotations")


@pytest.fixture
def database(any_database: Database) -> Database:
    return any_database


def test_the_first_one_that_comes_owns_the_loop_and_goes_on_owning_it(database: Database) -> None:
    for second in range(3):
        claim_loop(database, "/one", NOW + timedelta(seconds=second), SENSOR)
    assert [(row.subject, row.detail) for row in recent(database)] == [("/one", "after nobody")]


def test_a_second_one_is_told_whose_loop_it_is_and_changes_nothing(database: Database) -> None:
    claim_loop(database, "/one", NOW, SENSOR)
    with pytest.raises(Conflict, match="another Dagster instance work on this home: /one") as refused:
        claim_loop(database, "/two", NOW + timedelta(seconds=10), SENSOR)
    assert "120 s after the other one has stopped" in refused.value.next_step
    claim_loop(database, "/one", NOW + timedelta(seconds=20), SENSOR)


def test_one_that_was_not_seen_for_long_is_gone(database: Database) -> None:
    claim_loop(database, "/one", NOW, SENSOR)
    claim_loop(database, "/two", NOW + SILENT_AFTER, SENSOR)
    assert [row.detail for row in recent(database)] == ["after /one", "after nobody"]
    with pytest.raises(Conflict):
        claim_loop(database, "/one", NOW + SILENT_AFTER, SENSOR)
