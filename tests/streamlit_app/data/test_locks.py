from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from streamlit.testing.v1 import AppTest

from resources.data.locks.service import Asked, LockService
from resources.home import Home
from resources.terms import Actor
from tests.streamlit_app import data_home
from tests.streamlit_app.conftest import words
from tests.streamlit_app.data_home import SET


def asked(user: str, purpose: str, *, with_process: bool) -> Asked:
    return Asked(Actor(f"user:{user}"), user, purpose, for_time=timedelta(hours=2), with_process=with_process)


def test_locks_say_who_holds_what_for_what_and_until_when(
    open_page: Callable[..., AppTest], trainplat_home: Path, tmp_path: Path
) -> None:
    home = Home(trainplat_home)
    data_home.fill(home, tmp_path / "source")
    locks = LockService(home.database())
    assert "trainplat data lock letters latest --write" in words(open_page("data", part="spaces"))
    locks.read(SET, "v1.0", asked("ann", "she draws them", with_process=True))
    locks.write(SET, "latest", asked("ben", "relabel", with_process=False))
    locks.write(SET, "latest", asked("kim", "relabel too", with_process=False))
    shown = words(open_page("data", part="spaces"))
    for told in ("uses it", "she draws them", "makes the next", "main line", "relabel too", "kim"):
        assert told in shown
    assert "ends" in shown, "a lock ends with its process"
    assert "No version is locked" not in shown
