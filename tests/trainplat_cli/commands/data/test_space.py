"""``trainplat data space``."""

import os
import shutil
from pathlib import Path

import pytest

from resources.data.spaces import store
from resources.data.spaces.model import SpaceState
from resources.home import Home
from resources.users import current_user
from tests.resources.data.folders import read, write
from tests.trainplat_cli.commands.data.running import data, told

FILES = {"one": b"one", "deep/two": b"two"}


@pytest.fixture(autouse=True)
def versions(tmp_path: Path, trainplat_home: Path) -> None:
    """One version of one data set."""
    data("commit", "pets", write(tmp_path / "source", FILES))


def create(name: str = "mine", *more: str) -> Path:
    """Make a copy: what any machine can."""
    return Path(data("space", "create", name, "pets", "v1.0", "--kind", "copy", *more).stdout.strip())


def test_a_space_is_made_shown_changed_committed_and_removed() -> None:
    assert "There is no space yet" in data("space", "list").stdout
    said = data("space", "create", "mine", "pets", "--kind", "copy")
    path = Path(said.stdout.strip())
    assert read(path) == FILES, "what it prints is its folder alone"
    assert said.stderr.strip() == "pets v1.0, as copy: it was asked for."
    [listed] = told("space", "list")["spaces"]
    assert (listed["name"], listed["user"], listed["dataset"]) == ("mine", current_user(), "pets")
    assert (listed["version"], listed["kind"], listed["reason"]) == ("v1.0", "copy", "it was asked for")
    assert (listed["open"], listed["state"], listed["path"]) == (True, "made", str(path))
    assert "changes" not in listed
    (path / "one").write_bytes(b"ONE")
    (path / "new").write_bytes(b"new")
    shown = data("space", "list", "--changes").stdout
    assert "pets v1.0" in shown
    assert "1 added, 1 changed, 0 removed" in shown
    made = data("space", "commit", "mine", "-m", "louder").stdout
    assert made.startswith("pets v1.1: 3 files, 9 B; 1 added, 1 changed, 0 removed")
    [listed] = told("space", "list", "--changes")["spaces"]
    assert (listed["version"], listed["changes"]) == ("v1.1", {"added": 0, "changed": 0, "removed": 0})
    assert "none" in data("space", "list", "--changes").stdout
    assert told("space", "commit", "mine")["new"] is False
    removed = data("space", "remove", "mine", "--yes").stdout
    assert removed.strip() == "The space mine is removed; pets v1.1 stays."
    assert not path.exists()
    assert told("space", "list") == {"spaces": []}


def test_the_kind_that_is_chosen_is_told_with_its_reason() -> None:
    made = told("space", "create", "mine", "pets")
    assert made["kind"] in ("snapshot", "reflink", "overlay", "copy")
    assert made["reason"]
    assert made["open"]
    data("space", "remove", "mine", "--yes")


def test_what_cannot_be_made_ends_with_the_code_of_its_reason() -> None:
    path = create()
    assert (
        f"{current_user()} has a space 'mine' already"
        in data("space", "create", "mine", "pets", code=5).stderr
    )
    assert "no version, tag or branch 'v9'" in data("space", "create", "other", "pets", "v9", code=4).stderr
    assert "no data set 'cats'" in data("space", "create", "other", "cats", code=4).stderr
    assert "is not of the form" in data("space", "create", "Mine", "pets", code=2).stderr
    assert "'fast' is not one of" in data("space", "create", "other", "pets", "--kind", "fast", code=2).stderr
    refused = data("space", "create", "other", "pets", "--kind", "hardlink", code=5).stderr
    assert "its user could write the objects themselves" in refused.replace("\n", " ")
    assert [one["name"] for one in told("space", "list")["spaces"]] == ["mine"]
    assert read(path) == FILES


def test_a_space_that_is_not_there_is_not_found_and_those_that_are_are_named() -> None:
    create()
    for command in (("open",), ("commit",), ("remove", "--yes")):
        problem = data("space", command[0], "others", *command[1:], code=4).stderr.replace("\n", " ")
        assert "has no space 'others'; there are: mine" in problem


def test_a_folder_that_was_lost_is_opened_again() -> None:
    path = create()
    shutil.rmtree(path)
    assert "no: trainplat data space open mine" in data("space", "list").stdout
    assert "is not open" in data("space", "commit", "mine", code=5).stderr
    assert told("space", "list", "--changes")["spaces"][0]["changes"] is None
    assert data("space", "open", "mine").stdout.strip() == str(path)
    assert read(path) == FILES
    assert told("space", "open", "mine")["open"]


def test_a_folder_that_was_lost_comes_back_as_it_was_committed_last() -> None:
    path = create()
    (path / "new").write_bytes(b"new")
    data("space", "commit", "mine")
    shutil.rmtree(path)
    data("space", "open", "mine")
    assert read(path) == FILES | {"new": b"new"}
    assert told("space", "commit", "mine")["new"] is False, "nobody's work is undone"
    shutil.rmtree(path)
    assert "has a space 'mine' already" in data("space", "create", "mine", "pets", "v1.0", code=5).stderr
    assert told("space", "create", "mine", "pets", "v1.1")["version"] == "v1.1"
    assert read(path) == FILES | {"new": b"new"}


def test_a_space_that_cannot_be_committed_hides_no_other() -> None:
    os.mkfifo(create("odd") / "pipe")
    (create("plain") / "new").write_bytes(b"new")
    shown = data("space", "list", "--changes").stdout
    assert "cannot go into a version: pipe is a pipe" in shown
    assert "1 added, 0 changed, 0 removed" in shown
    odd, plain = told("space", "list", "--changes")["spaces"]
    assert odd["changes"] is None
    assert "pipe is a pipe" in odd["problem"]
    assert plain["changes"]["added"] == 1


@pytest.mark.parametrize(
    ("state", "shown"), [(SpaceState.MAKING, "being made"), (SpaceState.REMOVING, "being removed")]
)
def test_what_was_begun_and_killed_is_shown_with_what_finishes_it(state: SpaceState, shown: str) -> None:
    create()
    with Home.from_environment().database().write_plainly() as rows:
        store.set_state(rows, current_user(), "mine", state)
    listing = data("space", "list").stdout
    command = "open" if state is SpaceState.MAKING else "remove"
    assert f"{shown}; after a kill: trainplat data space {command} mine" in listing
    [listed] = told("space", "list")["spaces"]
    assert (listed["state"], listed["open"]) == (state.value, False)
    data("space", command, "mine", *(["--yes"] if command == "remove" else []))
    assert [one["state"] for one in told("space", "list")["spaces"]] == (
        ["made"] if state is SpaceState.MAKING else []
    )


def test_removing_asks_first() -> None:
    path = create()
    assert "Give --yes" in data("space", "remove", "mine", code=2).stderr
    assert path.exists()


def test_the_operator_sees_and_makes_those_of_others() -> None:
    create("mine")
    path = create("theirs", "--user", "somebody-else")
    assert path.parts[-3:] == ("somebody-else", "data", "theirs")
    assert [one["name"] for one in told("space", "list")["spaces"]] == ["mine"]
    assert [one["user"] for one in told("space", "list", "--all")["spaces"]] == sorted(
        [current_user(), "somebody-else"]
    )
    data("space", "remove", "theirs", "--user", "somebody-else", "--yes")


def test_nobody_else_acts_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainplat_cli.commands.data.space.shown.is_operator_of", lambda _: False)
    refused = data("space", "create", "mine", "pets", "--user", "somebody-else", code=3).stderr
    assert "may not act for somebody-else" in refused.replace("\n", " ")


def test_who_works_on_a_merged_branch_is_told_of_the_new_one() -> None:
    data("branch", "pets", "v1.0")
    branch = told("branch", "pets")["branches"][0]["branch"]
    path = Path(data("space", "create", "mine", "pets", branch, "--kind", "copy").stdout.strip())
    (path / "new").write_bytes(b"new")
    data("space", "commit", "mine")
    data("merge", "pets", branch)
    (path / "newer").write_bytes(b"newer")
    said = data("space", "commit", "mine").stdout.replace("\n", " ")
    assert f"The branch {branch} was merged meanwhile, so yours is on a new one from the same base" in said
    (path / "newest").write_bytes(b"newest")
    assert told("space", "commit", "mine")["instead_of"] is None
