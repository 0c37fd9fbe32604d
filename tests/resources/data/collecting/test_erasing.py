"""An erased version has no bytes anywhere and keeps its record; what something depends on is not erased."""

import os
import shutil
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from resources.clock import utc_now
from resources.data.collecting.dependents import Kind
from resources.data.collecting.erasing import Eraser
from resources.data.collecting.service import CollectingService
from resources.data.merges.service import MergeService
from resources.data.spaces import store as spaces
from resources.data.spaces.model import Kind as SpaceKind
from resources.data.spaces.model import Space
from resources.data.spaces.service import SpaceService
from resources.data.storage.listings import read_listing
from resources.data.storage.worktree import quiet
from resources.data.versions.errors import UnusableVersion
from resources.data.versions.model import State
from resources.database import plain
from resources.database.audit import recent
from resources.errors import Conflict, NotFound, Unavailable
from resources.terms import FIRST_VERSION, VersionKey
from tests.children import fork, leave
from tests.resources.data.auditor import md5_of
from tests.resources.data.collecting.stores import ANN, DIGITS, Store
from tests.resources.data.shapes import ACTOR, SHAPES, first_version, next_version, service

SECRET = b"what must not be anywhere"
LET_GO = {
    Kind.MODEL: "trainplat data release digits v1.0 --model something",
    Kind.PIN: "trainplat data pin digits v1.0 --name something --remove",
    Kind.LOCK: "trainplat data lock digits v1.0 --release",
    Kind.RUN: "wait for the end of run something",
}


@pytest.fixture
def two(kept: Store, tmp_path: Path) -> Store:
    """A store with v1.0, which has a secret and shares a file with v1.1; the folder is at v1.1."""
    kept.commit(tmp_path / "a", {"secret": SECRET, "shared": b"shared"})
    (tmp_path / "a" / "secret").unlink()
    kept.commit(tmp_path / "a", {"new": b"new"})
    return kept


def test_its_bytes_are_gone_and_its_record_is_kept(two: Store) -> None:
    before = two.versions.show(DIGITS, "v1.0")
    assert two.keeper.erase(DIGITS, "v1.0", ANN) == 1
    assert two.bytes_everywhere(SECRET) == []
    after = two.versions.show(DIGITS, "v1.0")
    assert after.state is State.ERASED
    assert (after.tree_sha256, after.files, after.author) == (before.tree_sha256, before.files, before.author)
    assert two.audit() == {("digits", "v1.1"): {"shared": b"shared", "new": b"new"}}
    [row] = [row for row in recent(two.database, limit=5) if row.action == "data.erase"]
    assert (row.actor, row.subject) == (ANN, "digits v1.0")
    with pytest.raises(UnusableVersion, match="was erased"):
        two.versions.tree(after)
    with pytest.raises(Conflict, match="is erased already"):
        two.keeper.erase(DIGITS, "v1.0", ANN)
    assert two.keeper.verify(None, None, quiet).damaged == ()


def test_the_lists_of_other_versions_are_read_before_writers_have_to_wait(
    two: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    can_write: list[bool] = []

    def read_beside_a_writer(*arguments: object) -> object:
        can_write.append(two.versions.tag(DIGITS, "v1.1", "beside", ANN, move=True) is not None)
        return read_listing(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(plain, "BUSY_TIMEOUT_S", 0.1)
    monkeypatch.setattr("resources.data.collecting.needed.read_listing", read_beside_a_writer)
    assert two.keeper.erase(DIGITS, "v1.0", ANN) == 1
    assert can_write == [True], "each list once"


def test_nothing_is_made_of_what_is_erased(two: Store) -> None:
    two.keeper.erase(DIGITS, "v1.0", ANN)
    acts: list[Callable[[], object]] = [
        lambda: two.versions.tag(DIGITS, "v1.0", "paper", ANN),
        lambda: two.versions.branch(DIGITS, "v1.0", "ann", ANN),
        lambda: two.keeper.depend(DIGITS, "v1.0", Kind.PIN, "ann", ANN),
    ]
    for act in acts:
        with pytest.raises(UnusableVersion):
            act()


def test_what_lay_in_the_trash_or_ready_for_spaces_goes_too(two: Store) -> None:
    service_of_spaces = SpaceService(two.home, two.database)
    made = service_of_spaces.create("ann", "mine", DIGITS, "v1.0", ANN, progress=quiet, kind=SpaceKind.COPY)
    with pytest.raises(Conflict, match=r"work tree .*mine") as refused:
        two.keeper.erase(DIGITS, "v1.0", ANN)
    assert "trainplat data space remove NAME --user USER" in refused.value.next_step
    service_of_spaces.remove("ann", made.name, ANN)
    trash = two.keeper.objects.trash
    trash.mkdir()
    (trash / md5_of(SECRET)).write_bytes(SECRET)
    two.keeper.erase(DIGITS, "v1.0", ANN)
    assert two.bytes_everywhere(SECRET) == []


def test_the_overlay_of_another_user_is_told_with_the_command_that_removes_it(
    two: Store, tmp_path: Path
) -> None:
    overlay = Space(
        "ben", "mine", DIGITS, VersionKey("v1.0"), tmp_path / "far", SpaceKind.OVERLAY, "", utc_now()
    )
    with two.database.write_plainly() as rows:
        spaces.add_space(rows, overlay)
    with pytest.raises(Conflict, match="space ben/mine depend on it") as refused:
        two.keeper.erase(DIGITS, "v1.0", ANN)
    assert "trainplat data space remove mine --user ben" in refused.value.next_step


@pytest.mark.parametrize("kind", list(Kind))
def test_what_depends_on_it_keeps_it(kind: Kind, two: Store) -> None:
    two.keeper.depend(DIGITS, "v1.0", kind, "something", ANN)
    with pytest.raises(Conflict, match=f"{kind.value} something") as refused:
        two.keeper.erase(DIGITS, "v1.0", ANN)
    assert LET_GO[kind] in refused.value.next_step
    assert two.holds(SECRET)
    two.keeper.release(DIGITS, "v1.0", kind, "something", ANN)
    two.keeper.erase(DIGITS, "v1.0", ANN)
    assert not two.holds(SECRET)


def test_a_tag_keeps_it_and_a_pin_that_ended_does_not(two: Store) -> None:
    two.versions.tag(DIGITS, "v1.0", "paper", ANN)
    with pytest.raises(Conflict, match="tag paper") as refused:
        two.keeper.erase(DIGITS, "v1.0", ANN)
    assert "trainplat data tag digits --remove paper" in refused.value.next_step
    two.versions.untag(DIGITS, "paper", ANN)
    two.keeper.depend(DIGITS, "v1.0", Kind.PIN, "short", ANN, for_s=0)
    assert two.keeper.dependents(DIGITS) == []
    assert two.keeper.erase(DIGITS, "v1.0", ANN) == 1


def test_what_is_not_kept_cannot_be_released(two: Store) -> None:
    with pytest.raises(NotFound, match="is not kept for the pin 'nothing'"):
        two.keeper.release(DIGITS, "v1.0", Kind.PIN, "nothing", ANN)


def test_who_depends_is_told_by_version_and_for_all(two: Store) -> None:
    two.keeper.depend(DIGITS, "v1.0", Kind.PIN, "one", ANN)
    two.keeper.depend(DIGITS, "v1.1", Kind.PIN, "two", ANN, for_s=3600)
    two.keeper.depend(DIGITS, "v1.1", Kind.PIN, "two", ANN, for_s=7200)
    assert [one.name for one in two.keeper.dependents(DIGITS)] == ["one", "two"]
    [later] = two.keeper.dependents(DIGITS, "v1.1")
    assert later.until is not None
    assert later.until - later.said_at == timedelta(hours=2), "said again it counts from then"


def test_an_erasure_that_was_killed_is_finished_by_the_next_collection(
    two: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.database.close()
    child = fork()
    if child == 0:
        monkeypatch.setattr(Eraser, "_drop_tree", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        two.keeper.erase(DIGITS, "v1.0", ANN)
        leave(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert two.versions.show(DIGITS, "v1.0").state is State.ERASED
    assert "erase digits v1.0" in two.collect().recovered
    assert two.bytes_everywhere(SECRET) == []
    assert two.audit() == {("digits", "v1.1"): {"shared": b"shared", "new": b"new"}}


def test_bytes_go_from_every_other_tier(two: Store) -> None:
    told: list[str] = []
    tree = two.versions.show(DIGITS, "v1.0").tree_md5
    CollectingService(two.home, two.database, elsewhere=told.extend).erase(DIGITS, "v1.0", ANN)
    assert sorted(told) == sorted([md5_of(SECRET), tree])


def test_an_erasure_that_failed_at_a_remote_is_gone_on_with_by_the_same_command(two: Store) -> None:
    def does_not_answer(_names: list[str]) -> None:
        raise Unavailable("the remote does not answer", "Try again.")

    gone: list[str] = []
    with pytest.raises(Unavailable):
        CollectingService(two.home, two.database, elsewhere=does_not_answer).erase(DIGITS, "v1.0", ANN)
    CollectingService(two.home, two.database, elsewhere=gone.extend).erase(DIGITS, "v1.0", ANN)
    assert md5_of(SECRET) in gone
    with pytest.raises(Conflict, match="is erased already"):
        two.keeper.erase(DIGITS, "v1.0", ANN)


def test_usage_counts_what_is_shared_and_what_is_a_versions_own(two: Store) -> None:
    found = {one.version.key: (one.size_bytes, one.own_bytes) for one in two.keeper.usage()}
    assert found == {"v1.0": (len(SECRET) + 6, len(SECRET)), "v1.1": (9, 3)}
    assert two.keeper.stored_bytes() > len(SECRET) + 9
    two.keeper.erase(DIGITS, "v1.0", ANN)
    assert [(one.version.key, one.own_bytes) for one in two.keeper.usage(DIGITS)] == [("v1.1", 9)]


def test_a_version_of_a_pipeline_is_erased_with_its_samples_once_the_next_one_is_sealed(
    trainplat_home: Path,
) -> None:
    data = service(trainplat_home)
    first_version(data)
    kept = Store(data.home, data.database)
    with pytest.raises(Conflict, match=r"the next version of shapes is made from it"):
        kept.keeper.erase(SHAPES.name, FIRST_VERSION, ACTOR)
    planned = next_version(data)
    assert planned == VersionKey("v1.1")
    own = {one.version.key: one.own_bytes for one in kept.keeper.usage(SHAPES.name)}
    assert own[FIRST_VERSION] > 0
    before = kept.keeper.stored_bytes()
    assert kept.keeper.erase(SHAPES.name, FIRST_VERSION, ACTOR) > 0
    assert before - kept.keeper.stored_bytes() >= own[FIRST_VERSION]
    assert kept.collect().recovered == []
    assert data.damage(SHAPES.name, planned) == []
    assert len(data.samples(SHAPES.name, planned)) == 24
    with pytest.raises(UnusableVersion, match=r"shapes v1\.0 was erased"):
        data.samples(SHAPES.name, FIRST_VERSION)
    assert [one.version for one in data.versions(SHAPES.name)] == [FIRST_VERSION, planned], (
        "its record is kept"
    )


def made_of_samples(root: Path) -> list[Path]:
    return [path for path in (*root.glob(".looks-*"), *root.glob(".pixels/*/*")) if path.is_file()]


def test_what_an_open_branch_went_apart_at_is_kept_until_it_is_merged_or_closed(
    two: Store, tmp_path: Path
) -> None:
    branch = two.versions.branch(DIGITS, "v1.0", "ann", ANN).name
    two.versions.restore(DIGITS, branch, tmp_path / "b")
    assert two.commit(tmp_path / "b", {"more": b"more"}).version.branch == branch
    for ref in ("v1.0", branch):
        shutil.rmtree(tmp_path / "b", ignore_errors=True)
        with pytest.raises(Conflict, match=f"branch {branch}") as refused:
            two.keeper.erase(DIGITS, ref, ANN)
        assert f"trainplat data branch digits --close {branch}" in refused.value.next_step
    assert MergeService(two.home, two.database).merge(DIGITS, branch, ANN).version is not None
    assert two.keeper.erase(DIGITS, f"{branch}@1", ANN) == 0, "v1.0 has all of it"
    assert two.keeper.erase(DIGITS, "v1.0", ANN) == 1


def test_a_sample_that_no_other_version_has_goes_from_the_folder_of_samples(trainplat_home: Path) -> None:
    data = service(trainplat_home)
    first_version(data)
    next_version(data)
    kept = Store(data.home, data.database)
    version = kept.versions.show(SHAPES.name, FIRST_VERSION)
    samples = data.home.data / SHAPES.name / "samples"
    eraser = Eraser(kept.database, kept.keeper.objects, data.home.data, lambda _: None)
    tree = kept.versions.tree(version)
    images = {name for path, name, _ in tree if path.startswith("images/")}
    path, name = next((path, name) for path, name, _ in tree if path.startswith("images/"))
    assert (samples / path.rpartition("/")[2]).exists()
    assert made_of_samples(samples.parent), "else this shows nothing"
    eraser._unlink_samples(version, set(tree.names) - images)
    assert made_of_samples(samples.parent), "no sample went"
    eraser._unlink_samples(version, {name})
    assert made_of_samples(samples.parent) == [], (
        "what was made of the others is made again when it is needed"
    )
    assert not (samples / path.rpartition("/")[2]).exists()
    assert len(list(samples.iterdir())) == 23
