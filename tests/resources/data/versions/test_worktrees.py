"""Which folders are at a version, as far as whoever asks can tell."""

from pathlib import Path

import pytest

from resources.errors import Conflict
from resources.home import Home
from tests.needs import needs
from tests.resources.data.collecting.stores import ANN, DIGITS, Store
from tests.resources.data.plain_user import as_plain_user


def test_a_folder_that_another_user_keeps_private_counts_as_there(tmp_path: Path) -> None:
    needs("root")
    home, private = tmp_path / "home", tmp_path / "private"
    made = Store(Home(home), Home(home).database())
    made.commit(private / "mine", {"a": b"old"})
    made.commit(tmp_path / "other", {"a": b"new"}, base="v1.0")

    def erase() -> None:
        store = Store(Home(home), Home(home).database())
        with pytest.raises(Conflict, match=r"work tree .*/private/mine depend"):
            store.keeper.erase(DIGITS, "v1.0", ANN)

    as_plain_user(home, erase, locked={private: 0o700})


def test_a_folder_of_any_name_counts_as_long_as_it_is_there(tmp_path: Path) -> None:
    made = Store(Home(tmp_path / "home"), Home(tmp_path / "home").database())
    made.commit(tmp_path / "back\\slash", {"a": b"old"})
    made.commit(tmp_path / "other", {"a": b"new"}, base="v1.0")
    with pytest.raises(Conflict, match=r"work tree .*slash"):
        made.keeper.erase(DIGITS, "v1.0", ANN)
    (tmp_path / "back\\slash/a").unlink()
    (tmp_path / "back\\slash").rmdir()
    assert made.keeper.erase(DIGITS, "v1.0", ANN) == 1
