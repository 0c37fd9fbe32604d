"""Trainings that go on by replay, through data versions, results and MLflow's store, without Dagster."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from resources.continual import ContinualSettings, MethodName
from resources.data.library import DataSet
from resources.data.model import ConfirmedLabel, Split
from resources.data.results.files import MEMORY
from resources.home import Home
from resources.learning.continual.buffer import Buffer, buffer_of
from resources.terms import FIRST_VERSION, SampleId, VersionKey
from resources.train_settings import TrainSettings
from tests.resources.data.shapes import ACTOR, answers
from tests.trainplat_assets.rounds import SPEC, data_service, make_first, make_next, registry_service
from trainplat_assets.lessons import Lessons
from trainplat_assets.model_round import Round
from trainplat_assets.training_work import TrainedModel

QUICK = TrainSettings(incremental_epochs=10, checkpoint_every_epochs=2)
REPLAY = replace(SPEC, continual=ContinualSettings(buffer_size=8))


def round_of(home: Path, version: VersionKey = FIRST_VERSION) -> Round:
    return Round(REPLAY, version, data_service(home), registry_service(home), ACTOR, QUICK)


def trained(home: Path, version: VersionKey = FIRST_VERSION) -> TrainedModel:
    return round_of(home, version).train(device="cpu", threads=1, run_id="r")


def decided(home: Path, version: VersionKey = FIRST_VERSION) -> TrainedModel:
    done = trained(home, version)
    round_of(home, version).evaluate()
    round_of(home, version).decide()
    return done


def kept_by(home: Path, done: TrainedModel) -> Buffer:
    content = DataSet(done.result.results, Home(home)).read(MEMORY, done.result.key)
    assert content == done.weights.memory
    found = buffer_of(content)
    assert found is not None
    return found


def test_a_later_version_learns_what_is_new_and_what_was_corrected_and_keeps_a_buffer_of_all(
    trainplat_home: Path,
) -> None:
    data = make_first(trainplat_home)
    first = decided(trainplat_home)
    assert first.lesson.takes_all
    before = kept_by(trainplat_home, first)
    assert before.kept is not None
    assert (len(before), before.seen) == (8, 12)
    wrong, was = SampleId(str(before.kept.ids[0])), int(before.kept.labels[0])
    mended = ConfirmedLabel(wrong, SPEC.classes[1 - was], "mended")
    version = data.plan_next(SPEC, [*answers(data, FIRST_VERSION, 5), mended], ACTOR).version
    data.make(SPEC, version, ACTOR)
    second = trained(trainplat_home, version)
    assert second.lesson.memory == first.weights.memory
    new = {second.lesson.ids[row] for row in second.lesson.trained_with}
    assert (second.labelled, len(new), wrong in new) == (17, 6, True)
    after = kept_by(trainplat_home, second)
    assert after.kept is not None
    assert (len(after), set(after.kept.tasks.tolist())) == (8, {0, 1})
    kept = zip(map(str, after.kept.ids), after.kept.labels.tolist(), after.kept.tasks.tolist(), strict=True)
    assert {(label, task) for one, label, task in kept if one == wrong} <= {(1 - was, 1)}

    third = make_next(data, 4)
    lessons = Lessons(REPLAY, data, ACTOR)
    assert [lessons.number_of(one) for one in (FIRST_VERSION, version, third)] == [0, 1, 2]
    lesson = lessons.of(data.images(SPEC.name, third, Split.TRAIN), first.model, 2)
    assert len(lesson.trained_with) == 10, "all that came since the champion's version"


@pytest.mark.slow
def test_joint_training_by_schedule_and_anew_starts_from_fresh_weights(trainplat_home: Path) -> None:
    data = make_first(trainplat_home)
    decided(trainplat_home)
    version = make_next(data, 6)
    spec = replace(REPLAY, continual=ContinualSettings(buffer_size=8, joint_every=1))
    done = replace(round_of(trainplat_home, version), spec=spec).train(device="cpu", threads=1, run_id="r")
    assert done.start is None
    assert len(done.lesson.trained_with) == 18
    assert len(done.weights.curve) == QUICK.epochs


@pytest.mark.slow
def test_a_champion_that_kept_nothing_is_replayed_from_the_labels_of_its_version(
    trainplat_home: Path,
) -> None:
    data = make_first(trainplat_home)
    naive = replace(REPLAY, continual=ContinualSettings(MethodName.NAIVE))
    round_ = replace(round_of(trainplat_home), spec=naive)
    assert round_.train(device="cpu", threads=1, run_id="r").weights.memory is None
    round_.evaluate()
    round_.decide()
    second = trained(trainplat_home, make_next(data, 6))
    assert second.lesson.memory is None
    kept = kept_by(trainplat_home, second)
    assert kept.kept is not None
    assert set(kept.kept.tasks.tolist()) == {0, 1}


@pytest.mark.slow
def test_a_round_with_a_buffer_under_kill_9_goes_on_to_the_same_losses(trainplat_home: Path) -> None:
    data = make_first(trainplat_home)
    decided(trainplat_home)
    version = make_next(data, 6)
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.trainplat_assets.test_lessons import round_of\n"
        "def stop(point):\n"
        "    if point.epoch == 5: os.kill(os.getpid(), signal.SIGKILL)\n"
        "round_ = round_of(Path(sys.argv[1]), sys.argv[2])\n"
        "round_.train(device='cpu', threads=1, run_id='r', progress=stop)\n"
    )
    given = [sys.executable, "-c", program, str(trainplat_home), version]
    killed = subprocess.run(given, env=os.environ, timeout=200)
    assert killed.returncode == -signal.SIGKILL
    done = trained(trainplat_home, version)
    assert done.weights.resumed_from_epoch == 4
    start = round_of(trainplat_home, version).champion_before()
    assert start is not None
    from resources.learning.training import train
    from trainplat_assets.labels import labels_of

    images = data.images(SPEC.name, version, Split.TRAIN)
    whole = train(
        images.images,
        labels_of(images),
        SPEC.classes,
        QUICK,
        seed=REPLAY.seed_in_use(),
        start=registry_service(trainplat_home).weights(start),
        lesson=done.lesson,
    )
    assert whole.curve == done.weights.curve
    assert (whole.weights, whole.memory) == (done.weights.weights, done.weights.memory)
