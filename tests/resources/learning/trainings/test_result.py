"""What a training came to, as its folder tells."""

from pathlib import Path

from resources.learning.distributed.checkpoints.folder import Checkpoints
from resources.learning.distributed.progress import Began, Ended, Measured, Point
from resources.learning.trainings.result import CHECKPOINTS, finished_in
from tests.resources.learning.distributed.plans import tiny
from tests.resources.learning.trainings.examples import tell

BEGAN = Began(0, 1, "cpu", 10, 10)
POINT = Point(12, 1.5, 0.1, 100.0, 50.0)


def checkpoint(folder: Path, step: int) -> None:
    """One that is whole."""
    checkpoints = Checkpoints(folder / CHECKPOINTS)
    part = checkpoints.begin(step)
    (part / "weights").write_text(f"of step {step}")
    checkpoints.finish(part)


def test_a_training_that_is_done_has_its_scores_its_curve_and_its_checkpoint(tmp_path: Path) -> None:
    checkpoint(tmp_path, 12)
    tell(tmp_path, BEGAN, BEGAN, POINT, Measured(12, {"accuracy": 0.9}), Ended(12, done=True))
    done = finished_in(tmp_path, tiny())
    assert done is not None
    assert (done.step, done.scores, done.curve, done.starts) == (12, {"accuracy": 0.9}, (POINT,), 2)
    assert done.checkpoint.step == 12
    assert len(done.checkpoint_sha256) == 64


def test_one_that_was_stopped_taken_up_again_or_is_to_go_on_longer_is_not_done(tmp_path: Path) -> None:
    checkpoint(tmp_path, 12)
    assert finished_in(tmp_path, tiny()) is None
    tell(tmp_path, BEGAN, Ended(12, done=False))
    assert finished_in(tmp_path, tiny()) is None
    tell(tmp_path, Ended(12, done=True))
    assert finished_in(tmp_path, tiny(steps=20)) is None
    tell(tmp_path, Began(12, 1, "cpu", 10, 10))
    assert finished_in(tmp_path, tiny()) is None


def test_one_whose_last_checkpoint_is_damaged_is_not_done(tmp_path: Path) -> None:
    checkpoint(tmp_path, 12)
    tell(tmp_path, BEGAN, Ended(12, done=True))
    (tmp_path / CHECKPOINTS / "step-00000012" / "weights").write_text("other")
    assert finished_in(tmp_path, tiny()) is None
