"""What a policy looks at besides labels: measured from what is really there."""

import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from dagster import DagsterInstance, DagsterRunStatus
from dagster._core.test_utils import create_run_for_test

from resources.data.arrivals.service import ArrivalService
from resources.data.making.source import grey_png
from resources.data.spec import DatasetSpec, DriftLimits
from resources.gpu.model import Origin, Owner, RunId
from resources.gpu.service import GpuService
from resources.labeling.model import RandomPick
from resources.labeling.predictions import PoolPredictions, PredictionFiles
from resources.learning.triggering.model import TriggerSnapshot
from resources.terms import FIRST_VERSION, Label, VersionKey
from resources.triggers import Against, AnyOf, Drift, DriftOf, QualityDrop, TriggerPolicy
from sensors.measuring import Measures, _pick_quality
from sensors.tick import Tick
from tests.resources.data.shapes import SHAPES
from tests.resources.database.statements import statements
from tests.sensors.shapes_loop import ANNA, ShapesLoop

V1_1 = VersionKey("v1.1")
NOW = datetime(2026, 3, 2, tzinfo=UTC)
SPEC = replace(
    SHAPES,
    drift=DriftLimits(least_new=5),
    triggers=TriggerPolicy(when=AnyOf((Drift(DriftOf.POOL), Drift(DriftOf.PREDICTIONS)))),
)


def picks(guessed: str, version: VersionKey = FIRST_VERSION) -> list[RandomPick]:
    """Picks in the order of their answers, + where the guess was right."""
    return [
        RandomPick(version, mark == "+", NOW + timedelta(seconds=second))
        for second, mark in enumerate(guessed)
    ]


def test_each_pick_is_held_against_the_champion_that_guessed_it() -> None:
    wanted = QualityDrop(least_picks=2)
    found = _pick_quality(wanted, [*picks("+."), *picks("++", V1_1)], {FIRST_VERSION: 0.5, V1_1: 0.9})
    assert found is not None
    assert (found.right, found.picks, found.reference) == (3, 4, 0.7)
    unknown = _pick_quality(wanted, picks("++", VersionKey("v9.0")), {FIRST_VERSION: 0.5})
    assert unknown is not None
    assert unknown.reference is None
    partly = _pick_quality(wanted, [*picks("+."), *picks("+", VersionKey("v9.0"))], {FIRST_VERSION: 0.5})
    assert partly is not None
    assert partly.reference is None
    assert _pick_quality(wanted, [], {}) is None


def test_the_newest_picks_are_held_against_those_before_them() -> None:
    wanted = QualityDrop(against=Against.EARLIER, least_picks=2, newest_picks=2)
    found = _pick_quality(wanted, picks("+++..+"), {})
    assert found is not None
    assert (found.right, found.picks, found.reference) == (1, 2, 0.75)
    early = _pick_quality(wanted, picks("+.+"), {})
    assert early is not None
    assert early.reference is None


def picture(number: int, levels: range) -> bytes:
    """A picture of these levels of grey, unlike every other one."""
    drawn = random.Random(number)
    return grey_png(bytes(drawn.choice(levels) for _ in range(16)), height_px=4, width_px=4)


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as made:
        yield made


def bring(loop: ShapesLoop, picture: Callable[[int], bytes], count: int = 12) -> None:
    """Let pictures come by themselves, and make the version that takes them up."""
    coming = ArrivalService(loop.home, loop.data.database)
    inbox = coming.inbox(SHAPES.name)
    inbox.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        path = inbox / f"new-{number}.png"
        path.write_bytes(picture(number))
        os.utime(path, (time.time() - 60,) * 2)
    (place,) = coming.places(SHAPES)
    coming.take(SHAPES, place, ANNA)
    assert loop.data.plan_for_arrivals(SHAPES, ANNA) is not None
    loop.data.make(SHAPES, V1_1, ANNA)
    loop.registry.carry(SHAPES.name, V1_1, FIRST_VERSION, ANNA)


def measured(loop: ShapesLoop, instance: DagsterInstance, spec: DatasetSpec = SPEC) -> TriggerSnapshot:
    tick = Tick(spec, loop.data, loop.people, loop.registry, instance, "shapes_round", ANNA)
    known = loop.data.versions(SHAPES.name)
    begun_versions = [one.version for one in known]
    decisions = loop.registry.decisions(SHAPES.name)
    return Measures().take(tick, known, begun_versions, decisions, [], NOW)


def test_pictures_that_look_otherwise_are_a_drift_of_the_pool(
    loop: ShapesLoop, instance: DagsterInstance
) -> None:
    assert measured(loop, instance).drift == (None, None)
    bring(loop, lambda number: picture(number, range(225, 256)), 16)
    found = measured(loop, instance).drift[0]
    assert found is not None
    assert found.drifted
    assert found.value > found.limit


def test_guesses_of_another_mixture_are_a_drift_of_predictions(
    loop: ShapesLoop, instance: DagsterInstance
) -> None:
    bring(loop, lambda number: picture(number, range(60, 190)), 16)
    old = set(loop.pool())
    pool = tuple(loop.pool(V1_1))
    sides = [place % 2 if sample in old else 1 for place, sample in enumerate(pool)]
    guesses = np.array([[0.9, 0.1] if side == 0 else [0.1, 0.9] for side in sides])
    files = PredictionFiles(loop.home)
    classes = (Label("dark"), Label("light"))
    files.write_predictions(SHAPES.name, V1_1, PoolPredictions("shapes-9", classes, pool, guesses))
    assert measured(loop, instance).drift[1] is None, "another model said so"
    files.write_predictions(SHAPES.name, V1_1, PoolPredictions("shapes-1", classes, pool, guesses))
    found = measured(loop, instance).drift[1]
    assert found is not None
    assert found.what == "classes PSI"
    assert found.value > found.limit


def test_what_the_last_training_held_is_asked_for_at_once_however_many_rounds_held_nothing(
    loop: ShapesLoop, instance: DagsterInstance
) -> None:
    done = [
        create_run_for_test(instance, job_name="shapes_round", status=DagsterRunStatus.SUCCESS).run_id
        for _ in range(12)
    ]
    gpus = GpuService(loop.home.database(), clock=lambda: datetime.now(UTC) - timedelta(hours=2))
    for run in (RunId(done[0]), RunId(done[1])):  # two slots
        owner = Owner("default", "anna")
        gpus.submit(run, "1", owner=owner, origin=Origin.QUEUE, instance="x", actor=ANNA)
    gpus.decide_now(ANNA)
    with statements() as asked:
        found = measured(loop, instance, replace(SHAPES, triggers=TriggerPolicy(budget_gpu_hours=9)))
    assert (round(found.used_gpu_hours), round(found.next_gpu_hours)) == (4, 2)
    assert len([one for one in asked if "FROM gpu_leases" in one]) == 2


def test_only_trainings_count_as_the_last_one_and_use_of_none_is_none(
    loop: ShapesLoop, instance: DagsterInstance
) -> None:
    bring(loop, lambda number: picture(number, range(60, 190)), 16)
    found = measured(loop, instance, replace(SHAPES, triggers=TriggerPolicy(budget_gpu_hours=1)))
    first, carried = loop.registry.decisions(SHAPES.name)
    assert carried.carried
    assert found.last_training_at == first.decided_at
    assert (found.used_gpu_hours, found.next_gpu_hours) == (0, 0)
