"""The law of spaces: no write in one space changes a version or another space, whoever writes, however."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from resources.data.spaces.model import Kind, Space
from resources.data.storage.ingesting import Taking
from resources.data.storage.worktree import quiet
from resources.data.versions.committing import Wanted
from resources.home import Home
from tests.resources.data.auditor import md5_of
from tests.resources.data.folders import read
from tests.resources.data.plain_user import PLAIN_UID, as_plain_user
from tests.resources.data.spaces.stage import ANN, PETS, Stage, seen
from tests.resources.data.spaces.writing import IN_PLACE, files, write_everywhere

pytestmark = pytest.mark.needs("loop mounts")

StageOn = Callable[[str], Stage]
PLAIN, ROOT = "nobody", "root"


def test_the_plain_user_of_these_tests_is_no_other() -> None:
    import pwd

    assert pwd.getpwnam(PLAIN).pw_uid == PLAIN_UID


@pytest.mark.parametrize(
    ("disk", "user", "kind"),
    [
        ("xfs", ROOT, Kind.REFLINK),
        pytest.param("xfs", PLAIN, Kind.REFLINK, marks=pytest.mark.slow),
        pytest.param("xfs", ROOT, Kind.OVERLAY, marks=pytest.mark.slow),
        pytest.param("xfs", PLAIN, Kind.HARDLINK, marks=pytest.mark.slow),
        pytest.param("xfs", PLAIN, Kind.COPY, marks=pytest.mark.slow),
        pytest.param("btrfs", ROOT, Kind.SNAPSHOT, marks=pytest.mark.slow),
        ("btrfs", PLAIN, Kind.SNAPSHOT),
        pytest.param("btrfs", ROOT, Kind.REFLINK, marks=pytest.mark.slow),
        pytest.param("btrfs", PLAIN, Kind.REFLINK, marks=pytest.mark.slow),
        pytest.param("btrfs", ROOT, Kind.OVERLAY, marks=pytest.mark.slow),
        pytest.param("btrfs", PLAIN, Kind.HARDLINK, marks=pytest.mark.slow),
        ("ext4", ROOT, Kind.OVERLAY),
        ("ext4", ROOT, Kind.COPY),
        ("ext4", PLAIN, Kind.HARDLINK),
        ("ext4", PLAIN, Kind.COPY),
    ],
)
def test_no_write_in_a_space_changes_a_version_or_another_space(
    disk: str, user: str, kind: Kind, stage_on: StageOn
) -> None:
    stage = stage_on(disk)
    stage.commit(files())
    written, others = stage.space(user, "written", kind), _others(stage, disk)
    before = {space.path: seen(space.path) for space in others}
    assert read(written.path) == files()
    refused = _write_as(user, written.path)
    _check_refused(kind, disk, refused)
    assert read(written.path) != files(), "something was written"
    assert stage.damaged() == ()
    assert {space.path: seen(space.path) for space in others} == before
    assert read(stage.space(ROOT, "later").path) == files(), "nor does it show in a space that is made later"
    if kind in (Kind.OVERLAY, Kind.SNAPSHOT):
        assert read(stage.space(user, "later-of-the-kind", kind).path) == files()


@pytest.mark.parametrize(
    ("disk", "kind"), [("xfs", Kind.REFLINK), ("btrfs", Kind.SNAPSHOT), ("ext4", Kind.COPY)]
)
def test_a_plain_users_own_home_keeps_the_law_too(disk: str, kind: Kind, stage_on: StageOn) -> None:
    stage = stage_on(disk)
    stage.home.path.mkdir()

    def work() -> None:
        stage = Stage(Home(home))
        stage.commit(files())
        written, other = stage.space(PLAIN, "written"), stage.space(PLAIN, "other")
        assert (written.kind, other.kind) == (kind, kind)
        before = seen(other.path)
        _check_refused(kind, disk, write_everywhere(written.path))
        assert stage.damaged() == ()
        assert seen(other.path) == before
        stage.spaces.remove(PLAIN, "written", ANN)
        assert not written.path.exists()

    home = stage.home.path
    as_plain_user(home, work)


def test_an_object_that_its_user_owns_is_not_linked_into_his_space(stage_on: StageOn) -> None:
    """As one is that he handed over with ``commit --link``: it is his file still, which he may write."""
    stage = stage_on("ext4")
    folder = stage.home.path / "handed-over"
    folder.mkdir(parents=True)
    (folder / "his").write_bytes(b"his own")
    (folder / "roots").write_bytes(b"root's")
    os.chown(folder / "his", PLAIN_UID, PLAIN_UID)
    stage.versions.commit(Wanted(PETS, folder, "", ANN, "ann", taking=Taking.LINK), quiet)
    space = stage.space(PLAIN, "written")
    assert space.kind is Kind.HARDLINK
    assert [(space.path / name).stat().st_nlink > 1 for name in ("his", "roots")] == [False, True]

    def write() -> None:
        (space.path / "his").chmod(0o666)
        (space.path / "his").write_bytes(b"not what it was")

    as_plain_user(None, write)
    assert stage.damaged() == ()


def test_a_file_with_as_many_names_as_it_can_have_is_copied(stage_on: StageOn) -> None:
    stage = stage_on("ext4")
    names = {f"{number:04}": b"" for number in range(40)}
    stage.commit(names)
    many = stage.home.path / "names"
    many.mkdir()
    empty = stage.spaces.objects.place(md5_of(b""))
    for number in range(65_000 - Path(empty).stat().st_nlink - 20):
        os.link(empty, f"{many}/{number}")
    space = stage.space(PLAIN, "linked")
    assert space.kind is Kind.HARDLINK
    assert read(space.path) == names
    assert {(space.path / name).stat().st_nlink for name in names} == {1, 65_000}
    shutil.rmtree(many)


def _others(stage: Stage, disk: str) -> list[Space]:
    """A space of every kind that can be here, of both users."""
    kinds = {
        "xfs": [(ROOT, Kind.REFLINK), (ROOT, Kind.OVERLAY), (PLAIN, Kind.HARDLINK)],
        "btrfs": [
            (ROOT, Kind.SNAPSHOT),
            (PLAIN, Kind.SNAPSHOT),
            (ROOT, Kind.OVERLAY),
            (PLAIN, Kind.HARDLINK),
        ],
        "ext4": [(ROOT, Kind.OVERLAY), (PLAIN, Kind.HARDLINK), (ROOT, Kind.COPY)],
    }[disk]
    return [stage.space(user, f"other-{kind}", kind) for user, kind in kinds]


def _write_as(user: str, folder: Path) -> dict[str, str]:
    """Write there as this user; what was refused."""
    if user == ROOT:
        return write_everywhere(folder)
    told = folder.parent.parent / "results" / "refused"
    as_plain_user(None, lambda: told.write_text(repr(write_everywhere(folder))))
    refused: dict[str, str] = eval(told.read_text())  # noqa: S307 - written above
    return refused


def _check_refused(kind: Kind, disk: str, refused: dict[str, str]) -> None:
    """In a space of hard links only the folder can be written; anywhere else everything."""
    expected = {"clone-into"} if disk == "ext4" else set()
    if kind in (Kind.OVERLAY, Kind.SNAPSHOT):  # a file system of their own, as far as links go
        expected |= {"link-out"}
    if kind is Kind.HARDLINK:
        expected = set(IN_PLACE) | {"empty"}
    assert set(refused) == expected, refused
