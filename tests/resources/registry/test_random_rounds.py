from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.database.audit import recent
from resources.home import Home
from resources.kinds import Measure
from resources.registry.model import Decision
from resources.registry.random_rounds import (
    AgainstRandom,
    RandomRound,
    Reached,
    labels_to,
    reached_in,
    value_at,
)
from resources.registry.store import put_decision
from resources.terms import DatasetName, VersionKey
from tests.resources.data.shapes import NOW
from tests.resources.registry.examples import ACTOR, evaluation, scores, service

CATS = DatasetName("cats")
V0, V1, V2 = VersionKey("v1.0"), VersionKey("v1.1"), VersionKey("v1.2")
AT_FIRST = Reached(V0, 60, 0.8, Measure.ACCURACY, 160, "t" * 64, 200)


def reached(labels: int, value: float, test_set: str = "t" * 64) -> Reached:
    return replace(AT_FIRST, labels=labels, value=value, right=round(200 * value), test_set=test_set)


def test_each_side_is_asked_for_how_many_labels_what_the_other_has_takes() -> None:
    found = AgainstRandom(
        (AT_FIRST, reached(110, 0.9), reached(160, 0.95)), (AT_FIRST, reached(70, 0.85), reached(80, 0.84))
    )
    assert found.newest_random == reached(80, 0.84)
    assert found.rounds_at_same == pytest.approx(0.84)
    assert found.labels_for_same == pytest.approx(80)
    assert found.random_labels_for_same is None
    later = replace(found, random=(*found.random, reached(200, 0.98)))
    assert (later.rounds_at_same, later.labels_for_same) == (None, None)
    assert later.random_labels_for_same is not None
    assert 80 < later.random_labels_for_same < 200


def test_the_labels_that_both_began_with_say_nothing() -> None:
    found = AgainstRandom((AT_FIRST, reached(110, 0.9)), (AT_FIRST,))
    assert (found.newest_random, found.rounds_at_same, found.labels_for_same) == (None, None, None)


def test_what_was_measured_on_another_test_set_is_not_compared() -> None:
    found = AgainstRandom(
        (AT_FIRST, reached(110, 0.9, "u" * 64)), (AT_FIRST, reached(70, 0.85), reached(90, 0.7, "u" * 64))
    )
    assert found.newest_random is None
    more = replace(found, random=(*found.random, reached(120, 0.8, "u" * 64)))
    assert more.newest_random == reached(120, 0.8, "u" * 64)
    assert (more.rounds_at_same, more.labels_for_same) == (None, 110)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0, 1))
def test_what_is_reached_first_lies_between_the_points_around_it(values: list[float], wanted: float) -> None:
    points = [reached(10 * number, value) for number, value in enumerate(values, start=1)]
    found = labels_to(points, wanted)
    there = next((one for one in points if one.value >= wanted), None)
    assert (found is None) == (there is None)
    if found is not None and there is not None:
        assert max(10, there.labels - 10) <= found <= there.labels


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.integers(1, 70))
def test_what_is_reached_with_so_many_labels_lies_between_the_points_around_it(
    values: list[float], labels: int
) -> None:
    points = [reached(10 * number, value) for number, value in enumerate(values, start=1)]
    found = value_at(points, labels)
    assert (found is None) == (len(points) == 1 or not 10 <= labels <= points[-1].labels)
    if found is not None:
        around = [one.value for one in points if abs(one.labels - labels) < 10 or one.labels == labels]
        assert min(around) - 1e-9 <= found <= max(around) + 1e-9


def test_what_is_kept_is_read_beside_the_rounds_that_trained_something(trainplat_home: Path) -> None:
    registry = service(trainplat_home)
    measured = {V0: scores(80, 20), V1: scores(90, 10)}
    for number, (version, score) in enumerate(measured.items(), start=1):
        registry.record_evaluation(evaluation(CATS, version, number, score), ACTOR)
        decision = Decision(
            CATS, version, 50 + 10 * number, number, score.accuracy, None, True, number, version, 1, NOW
        )
        with Home(trainplat_home).database().write() as connection:
            put_decision(connection, decision)
            if version == V1:
                put_decision(connection, replace(decision, version=V2, promoted=False))
    made = RandomRound(CATS, AT_FIRST)
    for value in (0.5, AT_FIRST.value):  # the same version again takes the place of what was there
        registry.record_random(replace(made, reached=replace(AT_FIRST, value=value)), ACTOR)

    found = registry.against_random(CATS)

    assert found.random == (AT_FIRST,)
    assert [(one.version, one.labels, one.right) for one in found.rounds] == [(V0, 60, 160), (V1, 70, 180)]
    assert found.rounds[0] == reached_in(evaluation(CATS, V0, 1, measured[V0]), 60)
    row = recent(Home(trainplat_home).database(), 1)[0]
    assert (row.action, row.subject, row.detail) == (
        "registry.evaluate_random",
        "cats v1.0",
        "60 labels at random: 0.8000",
    )
    assert registry.against_random(DatasetName("dogs")) == AgainstRandom((), ())
