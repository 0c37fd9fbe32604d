"""What each file system can, tried on it, and what is chosen there."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from resources.data.spaces import overlay
from resources.data.spaces.model import Kind
from resources.data.spaces.overlay import Layers
from resources.data.storage.drafts import mark_of
from resources.errors import Conflict, Unavailable
from resources.holder import Holder
from resources.home import Home
from tests.resources.data.plain_user import as_plain_user
from tests.resources.data.spaces.stage import Stage, mounts_below

pytestmark = pytest.mark.needs("loop mounts")

StageOn = Callable[[str], Stage]


@pytest.mark.parametrize(
    ("disk", "user", "kind", "reason"),
    [
        ("xfs", "root", Kind.REFLINK, "the file system lets files share their blocks"),
        ("xfs", "nobody", Kind.REFLINK, "the file system lets files share their blocks"),
        ("btrfs", "root", Kind.SNAPSHOT, "the file system makes snapshots"),
        ("btrfs", "nobody", Kind.SNAPSHOT, "the file system makes snapshots"),
        ("ext4", "root", Kind.OVERLAY, "overlays may be mounted here"),
        ("ext4", "nobody", Kind.HARDLINK, "its user cannot write the objects"),
    ],
)
def test_the_best_kind_that_the_place_can_is_chosen_and_told(
    disk: str, user: str, kind: Kind, reason: str, stage_on: StageOn
) -> None:
    stage = stage_on(disk)
    stage.commit({"one": b"one" * 20_000})
    space = stage.space(user, "mine")
    assert (space.kind, space.reason) == (kind, reason)
    [listed] = stage.spaces.spaces(user)
    assert (listed.kind, listed.reason, listed.is_open) == (kind, reason, True)
    file = space.path / "one"
    inode_of_object = os.stat(stage.spaces.objects.place(_only_object(stage))).st_ino  # noqa: PTH116
    assert (file.stat().st_ino == inode_of_object) == (kind in (Kind.HARDLINK, Kind.OVERLAY))
    if kind in (Kind.REFLINK, Kind.SNAPSHOT):
        assert "shared" in _extents(file), "its blocks are the object's"
    assert mounts_below(stage.home.path) == ([str(space.path)] if kind is Kind.OVERLAY else [])
    assert list(stage.spaces.objects.cache.glob("drafts/*")) == [], "trying leaves nothing"
    assert list(stage.home.work.glob(".layers/*-overlay-*")) == []


def test_a_plain_user_whose_own_home_it_is_gets_a_copy_and_no_overlay(stage_on: StageOn) -> None:
    stage = stage_on("ext4")
    stage.home.path.mkdir()
    home = stage.home.path

    def work() -> None:
        stage = Stage(Home(home))
        stage.commit({"one": b"one"})
        space = stage.space("nobody", "mine")
        assert (space.kind, space.reason) == (Kind.COPY, "nothing else is possible or safe here")
        with pytest.raises(Conflict, match="this process may not mount an overlay here"):
            stage.space("nobody", "other", Kind.OVERLAY)
        with pytest.raises(Conflict, match="could write the objects themselves"):
            stage.space("nobody", "other", Kind.HARDLINK)
        assert [one.name for one in stage.spaces.spaces()] == ["mine"]

    as_plain_user(home, work)


def test_a_place_on_another_disk_gets_an_overlay_or_a_copy(
    stage_on: StageOn, disks: Callable[[str], Path]
) -> None:
    stage, elsewhere = stage_on("xfs"), disks("ext4") / "work-elsewhere"
    stage.commit({"one": b"one"})
    elsewhere.mkdir()
    stage.home.work.symlink_to(elsewhere)
    assert stage.space("root", "mine").kind is Kind.OVERLAY
    assert stage.space("nobody", "his").kind is Kind.COPY
    for space in stage.spaces.spaces():
        assert (space.path / "one").read_bytes() == b"one"
        stage.spaces.remove(space.user, space.name, "user:ann")  # type: ignore[arg-type]


def test_a_space_with_the_name_of_an_old_draft_stays(stage_on: StageOn) -> None:
    stage = stage_on("ext4")
    stage.commit({"one": b"one"})
    name = f"{_a_dead_process()}-new-labels"
    space = stage.space("root", name, Kind.COPY)
    stage.space("root", "another", Kind.COPY)
    assert (space.path / "one").read_bytes() == b"one"


def test_what_a_trial_left_that_was_killed_goes_with_the_next_one(tmp_path: Path) -> None:
    dead = Holder(Holder.current().host, _a_dead_process(), "some-boot:1")
    left = tmp_path / f"{mark_of(dead)}-overlay-abc"
    (left / "upper").mkdir(parents=True)
    assert overlay.can_mount(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert mounts_below(tmp_path) == []


def test_a_path_that_the_kernel_would_cut_is_no_place_for_an_overlay(tmp_path: Path) -> None:
    strange = tmp_path / "with:colon"
    strange.mkdir()
    assert not overlay.can_mount(strange)
    layers = Layers(strange / "lower", strange / "upper", strange / "work")
    with pytest.raises(Unavailable, match="its path has a colon or a backslash"):
        overlay.mount(layers, tmp_path / "merged")


def test_a_comma_in_the_path_is_no_matter(tmp_path: Path) -> None:
    place = tmp_path / "with,comma"
    layers = Layers(place / "lower", place / "upper", place / "work")
    layers.lower.mkdir(parents=True)
    (layers.lower / "one").write_bytes(b"one")
    overlay.mount(layers, place / "merged")
    try:
        assert (place / "merged" / "one").read_bytes() == b"one"
    finally:
        overlay.unmount(place / "merged")


def test_what_the_kernel_refuses_is_told(tmp_path: Path) -> None:
    layers = Layers(tmp_path / "missing", tmp_path / "upper", tmp_path / "work")
    with pytest.raises(Unavailable, match="No such file or directory") as told:
        overlay.mount(layers, tmp_path / "merged")
    assert "--kind copy" in told.value.next_step


def _only_object(stage: Stage) -> str:
    [name] = [name for name, _ in stage.spaces.objects.all() if not name.endswith(".dir")]
    return name


def _extents(file: Path) -> str:
    os.sync()
    return subprocess.run(["filefrag", "-v", str(file)], capture_output=True, text=True, check=True).stdout


def _a_dead_process() -> int:
    ended = subprocess.Popen(["true"])
    ended.wait()
    return ended.pid
