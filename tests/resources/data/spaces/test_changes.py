"""What was changed in a space since its version, counted as a commit would count it."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.data.spaces import changes as subject
from resources.data.spaces.changes import Changes
from resources.data.spaces.model import Kind, Space
from resources.data.versions import worktrees
from resources.home import Home
from tests.resources.data.folders import write
from tests.resources.data.spaces.stage import Stage

FILES = {"one": b"one", "two": b"two", "deep/three": b"three", "deep/er/four": b"four", "empty": b""}


@pytest.fixture
def space(trainplat_home: Path) -> Space:
    """A copy of a version."""
    stage = Stage(Home(trainplat_home))
    stage.commit(FILES)
    return stage.space("ann", "mine", Kind.COPY)


@pytest.fixture
def stage(trainplat_home: Path) -> Stage:
    """Where it is."""
    return Stage(Home(trainplat_home))


def test_a_new_space_has_no_changes_and_nothing_is_read(
    stage: Stage, space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(subject, "_md5_of")
    assert stage.spaces.changes(space) == Changes(0, 0, 0)


def test_added_changed_and_removed_files_are_counted(stage: Stage, space: Space) -> None:
    write(
        space.path, {"new": b"new", "fresh/folder/file": b"x", "one": b"ONE", "deep/three": b"longer than it"}
    )
    (space.path / "deep/er/four").unlink()
    assert stage.spaces.changes(space) == Changes(2, 2, 1)
    made = stage.commit_space(space)
    assert (made.added, made.changed, made.removed) == (2, 2, 1)
    [now] = stage.spaces.spaces("ann")
    assert stage.spaces.changes(now) == Changes(0, 0, 0)


def test_what_only_looks_changed_is_not(stage: Stage, space: Space) -> None:
    os.utime(space.path / "one", ns=(1, 1))
    (space.path / "two").write_bytes(b"two")
    assert stage.spaces.changes(space) == Changes(0, 0, 0)


def test_a_folder_that_is_gone_counts_file_by_file(stage: Stage, space: Space) -> None:
    shutil.rmtree(space.path / "deep")
    assert stage.spaces.changes(space) == Changes(0, 0, 2)


def test_without_an_index_all_is_read_and_the_same_is_told(stage: Stage, space: Space) -> None:
    with stage.database.write_plainly() as rows:
        rows.run("DELETE FROM data_index WHERE root = :root", root=worktrees.key_of(space.path))
    assert stage.spaces.changes(space) == Changes(0, 0, 0)
    (space.path / "one").write_bytes(b"ONE")
    assert stage.spaces.changes(space) == Changes(0, 1, 0)


NAMES = st.sampled_from(["one", "two", "deep/three", "deep/er/four", "empty", "new", "deep/new"])
ACTS = st.lists(st.tuples(NAMES, st.sampled_from([None, b"", b"one", b"two", b"other", b"longer than all"])))


@settings(max_examples=10, deadline=None)
@given(ACTS)
def test_a_commit_counts_the_same(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, bytes | None]]
) -> None:
    stage = Stage(Home(tmp_path_factory.mktemp("home") / "home"))
    stage.commit(FILES)
    space = stage.space("ann", "mine", Kind.COPY)
    for name, content in [*acts, ("kept", b"so that there is a file")]:
        path = space.path / name
        if content is None:
            path.unlink(missing_ok=True)
        else:
            write(space.path, {name: content})
    found, made = stage.spaces.changes(space), stage.commit_space(space)
    assert (found.added, found.changed, found.removed) == (made.added, made.changed, made.removed)
