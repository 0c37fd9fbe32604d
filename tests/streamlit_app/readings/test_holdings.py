from resources.home import Home
from streamlit_app.readings.holdings import read_spaces, read_storage
from tests.streamlit_app.data_home import SET


def test_the_spaces_of_all_users_are_told_with_the_version_that_they_are_at(letters: Home) -> None:
    found = read_spaces(letters, letters.database(), SET)
    assert [(one.user, one.base[:4]) for one in found] == [("ann", "v1.1"), ("ben", "lett")]


def test_storage_tells_what_each_version_has_alone(letters: Home) -> None:
    storage = read_storage(letters, letters.database(), SET)
    assert len(storage.versions) == 3
    assert 0 < sum(one.own_bytes for one in storage.versions) < storage.apart_bytes
