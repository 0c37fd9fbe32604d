from dataclasses import replace

from resources.home import Home
from streamlit_app.readings.holdings import read_changes_in, read_spaces, read_storage
from tests.streamlit_app.data_home import SET, write


def test_the_spaces_of_all_users_are_told_with_the_version_that_they_are_at(letters: Home) -> None:
    found = read_spaces(letters, letters.database(), SET)
    assert [(one.user, one.base[:4]) for one in found] == [("ann", "v1.1"), ("ben", "lett")]


def test_what_was_changed_in_a_space_is_counted(letters: Home) -> None:
    ann, ben = read_spaces(letters, letters.database(), SET)
    write(ann.path / "4.png", b"new")
    (ann.path / "labels.jsonl").unlink()
    told = read_changes_in(letters, letters.database(), ann)
    assert told is not None
    assert (told.added, told.changed, told.removed) == (1, 0, 1)
    unchanged = read_changes_in(letters, letters.database(), ben)
    assert unchanged is not None
    assert unchanged.count == 0
    assert read_changes_in(letters, letters.database(), replace(ben, is_open=False)) is None


def test_storage_tells_what_each_version_has_alone(letters: Home) -> None:
    storage = read_storage(letters, letters.database(), SET)
    assert len(storage.versions) == 3
    assert 0 < sum(one.own_bytes for one in storage.versions) < storage.apart_bytes
