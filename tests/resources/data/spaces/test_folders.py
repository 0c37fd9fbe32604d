"""Each user has folders of his own, which nobody else may enter."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from resources.data.spaces.folders import make_folders, owner_of
from resources.data.spaces.model import Kind, UserFolders
from resources.data.storage.giving import Owner
from resources.data.versions.errors import DamagedVersion
from resources.errors import BadInput, Conflict
from tests.resources.data.plain_user import PLAIN_UID, as_plain_user
from tests.resources.data.spaces.stage import ANN, Stage

pytestmark = pytest.mark.needs("loop mounts")

StageOn = Callable[[str], Stage]


def test_two_users_of_one_machine_have_folders_that_only_they_enter(stage_on: StageOn) -> None:
    stage = stage_on("ext4")
    stage.commit({"one": b"one"})
    his, hers = stage.space("nobody", "mine"), stage.space("daemon", "mine")
    daemon = owner_of("daemon").uid
    for user, uid in (("nobody", PLAIN_UID), ("daemon", daemon)):
        folders = stage.spaces.folders(user)
        assert [folder.name for folder in folders.all[1:]] == ["data", "cache", "results", "models"]
        for folder in folders.all:
            assert (folder.stat().st_uid, folder.stat().st_mode & 0o777) == (uid, 0o700)

    def look() -> None:
        assert (his.path / "one").read_bytes() == b"one"
        (his.path.parent.parent / "models" / "weights").write_bytes(b"mine")
        for folder in (hers.path, *stage.spaces.folders("daemon").all):
            with pytest.raises(PermissionError):
                list(folder.iterdir())
        for private in (".making", ".locks", ".layers"):
            with pytest.raises(PermissionError):
                list((stage.home.work / private).iterdir())

    as_plain_user(None, look)


def test_who_may_not_enter_a_space_sees_that_it_is_there(stage_on: StageOn) -> None:
    stage = stage_on("ext4")
    stage.commit({"one": b"one"})
    for user, kind in (("nobody", None), ("daemon", None), ("root", Kind.OVERLAY)):
        stage.space(user, "mine", kind)
    database = stage.home.path / "trainplat.db"
    for path in (stage.home.path, database):
        path.chmod(0o777)  # as a database that all may write

    def look() -> None:
        found = {one.user: one.is_open for one in stage.spaces.spaces()}
        assert found == {"nobody": True, "daemon": True, "root": True}

    as_plain_user(None, look)


def test_what_lies_ready_is_nobody_elses_to_write(stage_on: StageOn) -> None:
    stage = stage_on("btrfs")
    stage.commit({"one": b"one"})
    stage.space("nobody", "mine")
    ready = stage.spaces.objects.cache / "ready"
    [folder] = [path for path in ready.iterdir() if path.is_dir()]
    assert (folder / "one").stat().st_uid == PLAIN_UID, "they are his, and yet:"

    def write() -> None:
        with pytest.raises(PermissionError):
            (folder / "one").write_bytes(b"what later spaces would show")

    as_plain_user(None, write)


def test_a_user_who_could_not_get_to_his_space_is_told_before_it_is_made(stage_on: StageOn) -> None:
    stage = stage_on("ext4")
    stage.commit({"one": b"one"})
    stage.home.path.chmod(0o700)
    with pytest.raises(Conflict, match=r"nobody could not get to .* does not let others in") as told:
        stage.space("nobody", "mine")
    assert f"chmod o+x {stage.home.path}" in told.value.next_step
    assert stage.spaces.spaces() == []
    assert stage.space("root", "mine").is_open


@pytest.mark.parametrize("mode", [0o710, 0o701])
def test_a_folder_may_be_open_to_his_group_or_to_all(mode: int, stage_on: StageOn) -> None:
    stage = stage_on("ext4")
    stage.commit({"one": b"one"})
    os.chown(stage.home.path, 0, owner_of("nobody").gid)
    stage.home.path.chmod(mode)
    if mode == 0o701:
        os.chown(stage.home.path, 0, 0)
    assert stage.space("nobody", "mine").is_open


def test_a_link_in_place_of_a_folder_is_refused_and_followed_by_nobody(
    stage_on: StageOn, tmp_path: Path
) -> None:
    stage = stage_on("ext4")
    stage.commit({"one": b"one"})
    stage.space("nobody", "first")
    data, elsewhere = stage.spaces.folders("nobody").data, tmp_path / "precious"
    elsewhere.mkdir()
    data.rename(data.with_name("data-of-before"))
    data.symlink_to(elsewhere)
    with pytest.raises(Conflict, match="is a link"):
        stage.space("nobody", "second")
    assert list(elsewhere.iterdir()) == []
    assert elsewhere.stat().st_uid == 0


def test_a_folder_of_somebody_else_is_not_taken(stage_on: StageOn) -> None:
    stage = stage_on("ext4")
    stage.commit({"one": b"one"})
    root = stage.spaces.folders("nobody").root
    root.mkdir(parents=True)
    os.chown(root, owner_of("daemon").uid, 0)
    with pytest.raises(Conflict, match="belongs to the user with the id"):
        stage.space("nobody", "mine")


def test_rights_that_a_user_gave_stay(tmp_path: Path) -> None:
    folders = UserFolders(tmp_path / "root")
    make_folders(folders, "root")
    folders.results.chmod(0o755)
    make_folders(folders, "root")
    assert [folder.stat().st_mode & 0o777 for folder in folders.all] == [0o700, 0o700, 0o700, 0o755, 0o700]


def test_whoever_the_system_does_not_know_is_who_acts() -> None:
    assert owner_of("no-such-user-here") == Owner(os.geteuid(), os.getegid())


@pytest.mark.parametrize("name", ["", "Big", "a/b", "..", "-a", "a" * 101])
def test_a_name_that_is_none_is_refused(name: str, stage_on: StageOn) -> None:
    stage = stage_on("ext4")
    stage.commit({"one": b"one"})
    with pytest.raises(BadInput, match="space name"):
        stage.space("root", name)
    for user in ("", "../root", ".layers", "a b"):
        with pytest.raises(BadInput, match="user name"):
            stage.space(user, "mine")


def test_what_lies_where_a_space_is_to_be_stays(stage_on: StageOn) -> None:
    stage = stage_on("ext4")
    stage.commit({"one": b"one"})
    stage.space("root", "other")
    folder = stage.spaces.folders("root").data / "mine"
    folder.mkdir()
    (folder / "dear").write_bytes(b"dear")
    with pytest.raises(Conflict, match="exists and is not empty"):
        stage.space("root", "mine")
    assert (folder / "dear").read_bytes() == b"dear"
    assert [one.name for one in stage.spaces.spaces()] == ["other"]


def test_a_space_that_cannot_be_made_leaves_nothing(stage_on: StageOn) -> None:
    stage = stage_on("ext4")
    stage.commit({"one": b"one", "two": b"two"})
    for name, path in stage.spaces.objects.all():
        if not name.endswith(".dir"):
            path.unlink()
    for kind in (None, Kind.COPY):
        with pytest.raises(DamagedVersion):
            stage.space(
                "root",
                "mine",
                kind and __import__("resources.data.spaces.model").data.spaces.model.Kind(kind),
            )
        assert stage.spaces.spaces() == []
        assert list(stage.spaces.folders("root").data.iterdir()) == []
    stage.commit({"one": b"one", "two": b"two", "three": b"3"})
    assert stage.space("root", "mine", ref="v1.0").is_open
    stage.spaces.remove("root", "mine", ANN)
