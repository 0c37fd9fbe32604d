"""Whoever makes, opens or removes a space may be killed at any step of it: it is finished, or done anew."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from types import FrameType

import pytest

from resources.data.spaces.model import Kind, SpaceState
from resources.data.versions.committing import Wanted
from resources.data.versions.path_texts import text_of
from resources.errors import Conflict
from resources.home import Home
from tests.children import fork, leave
from tests.resources.data.folders import read
from tests.resources.data.spaces.stage import ANN, Stage, mounts_below

pytestmark = [pytest.mark.needs("loop mounts"), pytest.mark.uncounted]

StageOn = Callable[[str], Stage]
FILES = {"one": b"one", "deep/two": b"two"}
OURS = "/resources/data/spaces/"
ALSO = ("worktrees.py", "handing.py", "giving.py", "ready.py")
SYSTEM_CALLS = {"rename", "mkdir", "rmdir", "unlink", "link", "ioctl", "rmtree"}
STEPS = {
    *("add_space", "set_state", "drop_space", "place", "copy_index", "move_index", "forget", "remember"),
    *(
        "make_folders",
        "hand_out",
        "give",
        "touch",
        "_call",
        "mount",
        "unmount",
        "_show",
        "give_up",
        "_remove",
    ),
}
"""The functions at whose beginning a process is killed: between any two of them something is different."""
EVERYWHERE = [
    ("ext4", Kind.OVERLAY),
    ("btrfs", Kind.SNAPSHOT),
    ("xfs", Kind.REFLINK),
    ("ext4", Kind.HARDLINK),
]
everywhere = pytest.mark.parametrize(
    ("disk", "kind"),
    [*EVERYWHERE[:1], *(pytest.param(*one, marks=pytest.mark.slow) for one in EVERYWHERE[1:])],
)


@everywhere
def test_a_space_whose_maker_was_killed_is_made_by_the_next_one(
    disk: str, kind: Kind, stage_on: StageOn
) -> None:
    stage, user = stage_on(disk), _user_of(kind)
    stage.commit(FILES)
    states: set[tuple[SpaceState, bool]] = set()
    step = 0
    while _killed_at(step := step + 1, stage.home, lambda one: one.space(user, "mine", kind)):
        listed = stage.spaces.spaces()
        states.update((one.state, one.is_open) for one in listed)
        assert set(mounts_below(stage.home.path)) <= {str(stage.spaces.folders(user).data / "mine")}
        if not any(one.is_open for one in listed):
            stage.space(user, "mine", kind)
        [space] = stage.spaces.spaces()
        assert (space.state, space.is_open) == (SpaceState.MADE, True)
        assert read(space.path) == FILES
        made = stage.commit_space(space)
        assert not made.is_new, "it is known to be at its version"
        stage.spaces.remove(user, "mine", ANN)
        _check_gone(stage)
        shutil.rmtree(stage.spaces.objects.cache / "ready", ignore_errors=True)
    assert (SpaceState.MAKING, False) in states
    assert step > 8, "it was killed at many steps"
    assert stage.damaged() == ()


@everywhere
def test_a_space_whose_remover_was_killed_is_whole_or_goes(disk: str, kind: Kind, stage_on: StageOn) -> None:
    stage, user = stage_on(disk), _user_of(kind)
    stage.commit(FILES)
    seen: set[SpaceState] = set()
    step = 0
    while True:
        space = stage.space(user, "mine", kind)
        (space.path / "new").write_bytes(b"new")
        if not _killed_at(step := step + 1, stage.home, lambda one: one.spaces.remove(user, "mine", ANN)):
            break
        listed = stage.spaces.spaces()
        for one in listed:
            seen.add(one.state)
            if one.state is SpaceState.REMOVING:
                with pytest.raises(Conflict, match="is being removed"):
                    stage.spaces.open(user, "mine", progress=lambda *_: None)
                with pytest.raises(Conflict, match="is not open"):
                    stage.spaces.usable(user, "mine")
            else:
                opened = stage.spaces.open(user, "mine", progress=lambda *_: None)
                assert read(opened.path) == FILES | {"new": b"new"}, "nothing of it went yet"
            stage.spaces.remove(user, "mine", ANN)
        _check_gone(stage)
    assert seen == {SpaceState.MADE, SpaceState.REMOVING}
    _check_gone(stage)
    assert stage.damaged() == ()


def test_after_a_start_of_the_machine_an_overlay_has_what_was_written(stage_on: StageOn) -> None:
    stage = stage_on("ext4")
    stage.commit(FILES)
    space = stage.space("root", "mine", Kind.OVERLAY)
    (space.path / "new").write_bytes(b"new")
    (space.path / "one").unlink()
    (space.path / "deep").rename(space.path / "moved")
    written = {"new": b"new", "moved/two": b"two"}
    step = 0
    while True:
        subprocess.run(["umount", str(space.path)], check=True)  # as a start of the machine does
        [listed] = stage.spaces.spaces()
        assert (listed.is_open, listed.state) == (False, SpaceState.MADE)
        with pytest.raises(Conflict, match="is not open"):
            stage.spaces.usable("root", "mine")
        if step % 2:  # what it lay over may have been swept away, and is made again
            shutil.rmtree(stage.spaces.objects.cache / "ready")
        if not _killed_at(step := step + 1, stage.home, _open):
            break
        _open(stage)
        assert read(space.path) == written
    assert step > 2
    assert read(space.path) == written
    assert mounts_below(stage.home.path) == [str(space.path)]
    made = stage.commit_space(space)
    assert (made.added, made.changed, made.removed) == (2, 0, 2)


def test_what_lies_where_an_overlay_is_to_be_is_not_hidden_by_it(stage_on: StageOn) -> None:
    stage = stage_on("ext4")
    stage.commit(FILES)
    space = stage.space("root", "mine", Kind.OVERLAY)
    subprocess.run(["umount", str(space.path)], check=True)
    (space.path / "written in the wrong place").write_bytes(b"dear")
    with pytest.raises(Conflict, match="exists and is not empty"):
        _open(stage)
    (space.path / "written in the wrong place").unlink()
    _open(stage)
    assert read(space.path) == FILES


def test_a_space_in_which_somebody_works_is_not_removed(stage_on: StageOn) -> None:
    stage = stage_on("ext4")
    stage.commit(FILES)
    space = stage.space("root", "mine", Kind.OVERLAY)
    with (space.path / "one").open("ab"), pytest.raises(Conflict, match="cannot be unmounted"):
        stage.spaces.remove("root", "mine", ANN)
    assert stage.spaces.usable("root", "mine").is_open
    stage.spaces.remove("root", "mine", ANN)
    _check_gone(stage)


@pytest.mark.parametrize(("disk", "kind"), [("ext4", Kind.OVERLAY), ("btrfs", Kind.SNAPSHOT)])
def test_spaces_that_are_made_at_once_know_what_they_hold(disk: str, kind: Kind, stage_on: StageOn) -> None:
    stage = stage_on(disk)
    stage.commit({f"{number}": b"%d" % number for number in range(50)})

    def making(name: str) -> Callable[[Stage], object]:
        return lambda one: one.space("root", name, kind)

    makers = [_forked(stage.home, making(name)) for name in "abcd"]
    assert [os.waitpid(maker, 0)[1] for maker in makers] == [0] * 4
    for space in stage.spaces.spaces():
        assert stage.spaces.changes(space).count == 0
        wanted = Wanted(space.dataset, space.path, "", ANN, "root")
        stage.versions.commit(wanted, _refuse_reading)


def _refuse_reading(files: int, size_bytes: int, to_come: int = 0) -> None:
    assert size_bytes == 0, "the index of what lies ready was not lost"


def test_of_two_who_make_the_same_space_one_is_told(stage_on: StageOn) -> None:
    stage = stage_on("ext4")
    stage.commit({f"{number}": b"%d" % number for number in range(50)})
    makers = [_forked(stage.home, lambda one: one.space("root", "mine", Kind.COPY)) for _ in range(4)]
    ended = sorted(os.waitstatus_to_exitcode(os.waitpid(maker, 0)[1]) for maker in makers)
    assert ended == [0, 1, 1, 1]
    [space] = stage.spaces.spaces()
    assert len(read(space.path)) == 50
    assert not stage.commit_space(space).is_new


def test_a_begun_space_of_another_version_is_begun_anew(stage_on: StageOn) -> None:
    stage = stage_on("ext4")
    stage.commit(FILES)
    step = 0
    while True:  # until a kill leaves it begun, and nothing to see
        assert _killed_at(step := step + 1, stage.home, lambda one: one.space("root", "mine", Kind.COPY))
        if [one.state for one in stage.spaces.spaces()] == [SpaceState.MAKING]:
            break
    stage.commit({"three": b"three"})
    assert read(stage.space("root", "mine").path) == {"three": b"three"}


def _open(stage: Stage) -> None:
    stage.spaces.open("root", "mine", progress=lambda *_: None)


def _user_of(kind: Kind) -> str:
    return "nobody" if kind is Kind.HARDLINK else "root"


def _check_gone(stage: Stage) -> None:
    """Nothing is left of any space."""
    assert stage.spaces.spaces() == []
    assert mounts_below(stage.home.path) == []
    left = [path for path in stage.home.work.rglob("*") if path.is_file() and ".locks" not in path.parts]
    assert left == []
    assert list(stage.home.work.glob(".making/*/*")) == []
    assert list(stage.home.work.glob("*/data/*")) == []
    with stage.database.read_plainly() as rows:
        roots = {root for (root,) in rows.rows("SELECT root FROM data_work_trees")}
    assert not [root for root in roots if root.startswith(text_of(stage.home.work))]


def _killed_at(step: int, home: Home, work: Callable[[Stage], object]) -> bool:
    """Run ``work`` in a process that is killed at its ``step``-th step; False where it ended before."""
    child = fork()
    if child == 0:
        left = step

        def count(frame: FrameType, event: str, argument: object) -> None:
            nonlocal left
            code = frame.f_code
            if event == "c_call":
                is_step = getattr(argument, "__name__", "") in SYSTEM_CALLS
            else:
                is_step = event == "call" and code.co_name in STEPS
            if is_step and (OURS in code.co_filename or code.co_filename.endswith(ALSO)):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        stage = Stage(home)
        sys.setprofile(count)
        work(stage)
        sys.setprofile(None)
        leave(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or status == 0
    return os.WIFSIGNALED(status)


def _forked(home: Home, work: Callable[[Stage], object]) -> int:
    child = fork()
    if child == 0:
        try:
            work(Stage(home))
        except Conflict:
            leave(1)
        except BaseException:  # noqa: BLE001 - told by its code
            leave(2)
        leave(0)
    return child
