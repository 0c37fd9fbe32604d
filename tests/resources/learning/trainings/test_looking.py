"""Looking at the folder of a training that somebody else trains."""

from pathlib import Path

from resources.learning.distributed.checkpoints.folder import MANIFEST, Checkpoints
from resources.learning.distributed.progress import Began, Point
from resources.learning.trainings import looking
from resources.learning.trainings.looking import all_told, kept_checkpoints, stands_now, thinned
from resources.learning.trainings.model import Training
from resources.learning.trainings.result import CHECKPOINTS
from resources.learning.trainings.standing import State
from resources.process import ProcessIdentity
from tests.resources.learning.distributed.plans import tiny
from tests.resources.learning.trainings.examples import STORIES, taken, tell

MINE = Training(STORIES, tiny(), (taken(process=ProcessIdentity.current()),))


def points(count: int) -> list[Point]:
    """A long curve."""
    return [Point(step, 1 / step, 0.1, 100.0, 50.0) for step in range(1, count + 1)]


def test_a_quick_look_sees_how_it_stands_however_long_it_has_trained(tmp_path: Path) -> None:
    tell(tmp_path, Began(0, 1, "cpu", 10, 10), *points(1500), at_s=1)
    assert (tmp_path / "progress.jsonl").stat().st_size > looking.TAIL_BYTES
    quick = stands_now(MINE, tmp_path)
    whole, told = all_told(MINE, tmp_path)
    assert (quick.state, quick.step, quick.point) == (whole.state, whole.step, whole.point)
    assert quick.state is State.RUNNING
    shown = thinned(told, 400)
    assert 200 < len(shown) <= 400
    assert shown[-1].step == 1500
    assert thinned(told, 5000) == points(1500)


def test_one_whose_follower_is_gone_was_killed(tmp_path: Path) -> None:
    tell(tmp_path, Began(0, 1, "cpu", 10, 10), at_s=1)
    assert stands_now(Training(STORIES, tiny(), (taken(),)), tmp_path).state is State.KILLED


def test_checkpoints_are_told_with_their_size_the_newest_first(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / CHECKPOINTS)
    for step in (4, 8):
        part = checkpoints.begin(step)
        (part / "weights").write_bytes(b"x" * step)
        checkpoints.finish(part)
    assert [(one.step, one.size_bytes) for one in kept_checkpoints(tmp_path)] == [(8, 8), (4, 4)]
    (checkpoints.path(4) / MANIFEST).unlink()
    assert [one.step for one in kept_checkpoints(tmp_path)] == [8]
