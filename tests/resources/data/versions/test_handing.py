"""Versions given out into folders: what the platform knows of a folder is what lies in it."""

import random
import sqlite3
import string
from contextlib import closing
from pathlib import Path

import pytest

from resources.clock import utc_now
from resources.data.storage.giving import draft_of
from resources.data.versions import journal, worktrees
from resources.data.versions.leftovers import GIVE
from resources.data.versions.path_texts import text_of
from resources.database import plain
from resources.database.engine import Database, sqlite_url
from resources.errors import BadInput, Conflict
from resources.home import Home
from tests.resources.data.collecting.stores import DIGITS, Store
from tests.resources.data.folders import write


@pytest.fixture
def store(any_database: Database, tmp_path: Path) -> Store:
    """A store with v1.0 and v1.1."""
    made = Store(Home(tmp_path / "home"), any_database)
    made.commit(tmp_path / "folder", {"a": b"old"})
    made.commit(tmp_path / "folder", {"a": b"new"})
    return made


DEEP = "/".join(["n" * 240] * 8)
"""The path of a folder, far longer than most."""


@pytest.mark.parametrize("place", [".", DEEP], ids=["short", "deep"])
def test_of_two_who_fill_one_folder_at_once_the_second_is_refused(
    store: Store, tmp_path: Path, place: str
) -> None:
    target, told = tmp_path / place / "given", list[str]()
    target.parent.mkdir(parents=True, exist_ok=True)

    def give_another(files: int, size_bytes: int, to_come: int = 0) -> None:
        with pytest.raises(Conflict, match=r"is giving a version out into .*given now") as refused:
            store.versions.restore(DIGITS, "v1.1", target)
        told.append(refused.value.next_step)

    store.versions.restore(DIGITS, "v1.0", target, give_another)
    assert told
    assert (target / "a").read_bytes() == b"old"
    with store.database.read_plainly() as rows:
        known = worktrees.work_tree(rows, target)
    assert known is not None
    assert known.base == "v1.0", "or committing it would undo what v1.1 did"
    store.versions.restore(DIGITS, "v1.1", tmp_path / "other")


@pytest.mark.parametrize("place", [".", DEEP], ids=["short", "deep"])
def test_what_a_killed_gift_left_is_removed_by_the_next_one(store: Store, tmp_path: Path, place: str) -> None:
    target = tmp_path / place / "given"
    with store.database.write_plainly() as rows:
        killed = journal.begin(rows, GIVE, text_of(target), utc_now())
        rows.run("UPDATE data_journal SET process_started = 'another start:1'")
    draft = draft_of(target, killed.id)
    write(draft, {"a": b"half"})
    store.versions.restore(DIGITS, "v1.0", tmp_path / "other")
    assert not draft.exists()


@pytest.mark.parametrize("place", ["loop", "loop/below"])
def test_a_link_that_leads_to_itself_is_told(store: Store, tmp_path: Path, place: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(Conflict if place == "loop" else BadInput, match="loop"):
        store.versions.restore(DIGITS, "v1.0", tmp_path / place)
    with pytest.raises(BadInput, match="loop"):
        store.commit(tmp_path / place, {})
    with store.database.read_plainly() as rows:
        assert journal.intents(rows) == []


def test_a_process_that_could_not_take_its_note_away_is_not_kept_from_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "BUSY_TIMEOUT_S", 0.01)
    store = Store(Home(tmp_path / "home"), Database(sqlite_url(tmp_path / "rows.db")))
    store.commit(tmp_path / "folder", {"a": b"old"})
    target = tmp_path / "given"
    with store.database.write_plainly() as rows:
        intent = journal.begin(rows, GIVE, text_of(target), utc_now())
    with pytest.raises(Conflict, match="is giving a version out into"):
        store.versions.restore(DIGITS, "v1.0", target)
    with closing(sqlite3.connect(tmp_path / "rows.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        journal.close(store.database, intent)
    with store.database.read_plainly() as rows:
        assert journal.intents(rows) == [intent]
    store.versions.restore(DIGITS, "v1.0", target)
    with store.database.read_plainly() as rows:
        assert journal.intents(rows) == []


def test_a_path_that_the_database_cannot_hold_is_told_and_nothing_is_left(
    store: Store, tmp_path: Path
) -> None:
    letters = random.Random(4)
    folders = ["".join(letters.choices(string.ascii_letters, k=180)) for _ in range(18)]
    target = tmp_path.joinpath(*folders, "given")
    if store.database.url.startswith("sqlite"):
        store.versions.restore(DIGITS, "v1.0", target)
        return
    with pytest.raises(BadInput, match="longer than its column can hold") as told:
        store.versions.restore(DIGITS, "v1.0", target)
    assert "path" in told.value.next_step
    assert not target.exists()
    assert list(target.parent.glob("*")) == []
    with store.database.read_plainly() as rows:
        assert journal.intents(rows) == []


@pytest.mark.parametrize("place", ["file/below", "n" * 256, "n" * 256 + "/below"], ids=range(3))
def test_where_no_folder_can_be_made_the_place_is_named(store: Store, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("of somebody")
    with pytest.raises(BadInput, match=f"no folder can be made at .*{place}: ") as refused:
        store.versions.restore(DIGITS, "v1.0", tmp_path / place)
    assert "Choose another place" in refused.value.next_step
