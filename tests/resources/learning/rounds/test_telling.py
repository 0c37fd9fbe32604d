"""What a training of the loop tells while it runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from resources.kinds import Kind
from resources.learning.distributed.logs import tail
from resources.learning.distributed.progress import Began, Ended, Event, Point, Saved, curve, read_progress
from resources.learning.kinds.others import Others
from resources.learning.model import TrainedWeights
from resources.learning.rounds.telling import EACH_S, Length, Stopped, Telling
from resources.learning.training import train
from resources.learning.trainings.looking import kept_checkpoints
from resources.learning.trainings.result import ROUND
from tests.resources.learning.examples import CLASSES, QUICK, bars
from tests.resources.learning.kinds.examples import SHORT, examples

IMAGES, LABELS = bars(40)
SETTINGS = replace(QUICK, batch_size=16)
STEPS = 3 * SETTINGS.epochs


def trained(telling: Telling | None = None, folder: Path | None = None) -> TrainedWeights:
    """Forty images, three steps in an epoch."""
    kept = None if folder is None else folder / ROUND
    return train(IMAGES, LABELS, CLASSES, SETTINGS, seed=1, telling=telling, checkpoint=kept)


def test_each_epoch_is_a_point_of_its_curve_and_the_weights_are_those_of_one_that_tells_nothing(
    tmp_path: Path,
) -> None:
    others: list[Event] = []
    told = trained(Telling(tmp_path, others.append), tmp_path)

    events, _ = read_progress(tmp_path)
    points = curve(events)
    assert events == others
    assert [point.step for point in points] == [3, 6, 9, 12, 15, 18]
    assert [point.loss for point in points] == pytest.approx([one.loss for one in told.curve])
    assert all(point.samples_per_s > 0 and point.memory_mib > 0 for point in points)
    assert max(point.learning_rate for point in points) <= SETTINGS.learning_rate
    assert events[-1] == Ended(STEPS, done=True)
    assert [one.step for one in events if isinstance(one, Saved)] == [6, 12, 18]
    assert told.weights == trained().weights


def test_one_that_is_asked_to_make_room_keeps_its_state_and_goes_on_to_the_same_weights(
    tmp_path: Path,
) -> None:
    asked = iter([False, False, True])
    with pytest.raises(Stopped):
        trained(Telling(tmp_path, is_to_stop=lambda: next(asked)), tmp_path)
    assert [one.step for one in kept_checkpoints(tmp_path)] == [9]

    again = trained(Telling(tmp_path), tmp_path)

    events, _ = read_progress(tmp_path)
    assert [one.step for one in events if isinstance(one, Began)] == [0, 9]
    assert [point.step for point in curve(events)] == [3, 6, 9, 12, 15, 18]
    assert again.weights == trained().weights
    assert again.resumed_from_epoch == 3


def test_one_that_keeps_no_state_is_not_stopped(tmp_path: Path) -> None:
    assert trained(Telling(tmp_path, is_to_stop=lambda: True)).weights == trained().weights


def test_its_log_is_tailed_as_that_of_any_training(tmp_path: Path) -> None:
    trained(Telling(tmp_path))
    lines = [line.text for line in tail(tmp_path, 3)]
    assert lines[0].startswith("epoch 5 of 6: loss ")
    assert lines[-1] == "all epochs are done"


def test_a_long_epoch_tells_points_amid_it(tmp_path: Path) -> None:
    now = [0.0]
    telling = Telling(tmp_path, clock_s=lambda: now[0])
    telling.began(Length(1, 10), 0, processes=1, device="cpu", parameters=5, memory_mib=lambda: 1.0)
    for _ in range(4):
        now[0] += EACH_S / 2
        telling.stepped(8, 0.5, 0.1)
    points = [one for one in read_progress(tmp_path)[0] if isinstance(one, Point)]
    assert [one.step for one in points] == [2, 4]
    assert points[0].samples_per_s == pytest.approx(16 / EACH_S)


@pytest.mark.parametrize("kind", [Kind.TEXT_CLASSES, Kind.ENTITIES, Kind.BOXES])
def test_texts_and_marks_tell_the_same(kind: Kind, tmp_path: Path) -> None:
    given = examples(kind, 12)
    Others(kind).train(given.samples, given.answers, given.classes, SHORT, seed=7, telling=Telling(tmp_path))
    events, _ = read_progress(tmp_path)
    assert len(curve(events)) == SHORT.epochs
    assert isinstance(events[-1], Ended)
