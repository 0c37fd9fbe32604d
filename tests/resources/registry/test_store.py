"""The rows of the registry, on either database."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from resources.database.engine import Database
from resources.kinds import Measure
from resources.registry import store
from resources.registry.facts import ModelFacts
from resources.registry.model import Decision, ModelVersion
from resources.terms import DatasetName, VersionKey
from tests.resources.registry.examples import evaluation, scores

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
CATS = DatasetName("cats")
MODEL = ModelVersion(
    CATS, VersionKey("v1.0"), 1, "a" * 64, "models:/m-1", "r1", "m-1", "f" * 64, "run-1", NOW
)
DECISION = Decision(CATS, VersionKey("v1.0"), 100, 1, 0.9, None, True, 1, VersionKey("v1.0"), 4.5, NOW)


@pytest.fixture
def rows(any_database: Database) -> Iterator[Connection]:
    with any_database.write() as connection:
        yield connection


def test_a_model_is_the_only_one_of_its_snapshot_and_of_its_number(rows: Connection) -> None:
    other = replace(MODEL, snapshot_id="b" * 64, number=2, registered_at=NOW + timedelta(hours=1))
    for model in (MODEL, other):
        store.put_model(rows, model)
    assert store.model_of_snapshot(rows, CATS, "a" * 64) == MODEL
    assert store.newest_model_of(rows, CATS, VersionKey("v1.0")) == other
    told = replace(
        MODEL, number=2, facts=ModelFacts("models:/cats/1", "c", "er", "0", "a", "p", 1.5, "2 EUR")
    )
    store.put_model(rows, told)
    assert store.models_of(rows, CATS) == [told]
    store.put_model(rows, replace(MODEL, number=2))
    assert store.model_of_snapshot(rows, CATS, "b" * 64) is None
    assert store.model_by_number(rows, CATS, 1) is None
    assert store.model_by_number(rows, CATS, 2) == replace(MODEL, number=2)


def test_an_evaluation_comes_back_as_it_was_and_a_later_one_takes_its_place(rows: Connection) -> None:
    first = evaluation(CATS, "v1.0", 1, scores(80, 20))
    later = evaluation(CATS, "v1.0", 2, scores(90, 10), 1, scores(80, 20))
    for one in (first, later):
        store.put_evaluation(rows, one, NOW)
        assert store.evaluation_of(rows, CATS, VersionKey("v1.0")) == one
    assert store.evaluation_of(rows, CATS, VersionKey("v1.1")) is None


@pytest.mark.parametrize("measure", Measure)
def test_a_decision_comes_back_with_what_it_was_measured_by(rows: Connection, measure: Measure) -> None:
    store.put_decision(rows, replace(DECISION, measure=measure))

    assert store.decisions_of(rows, CATS)[0].measure is measure


def test_decisions_come_back_by_version_and_v1_10_is_after_v1_9(rows: Connection) -> None:
    made = [
        replace(DECISION, version=VersionKey(f"v1.{minor}"), accuracy_old=0.1 + 0.2, promoted=minor == 9)
        for minor in (10, 9)
    ]
    for decision in made:
        store.put_decision(rows, decision)
    assert store.decisions_of(rows, CATS) == made[::-1]
    store.put_decision(rows, replace(made[0], labels=7))
    assert store.decisions_of(rows, CATS)[-1].labels == 7
