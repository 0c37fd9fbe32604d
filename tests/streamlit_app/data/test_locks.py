import shlex
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import click
from streamlit.testing.v1 import AppTest

from resources.data.locks.service import Asked, LockService
from resources.home import Home
from resources.terms import Actor
from tests.streamlit_app import data_home
from tests.streamlit_app.conftest import words
from tests.streamlit_app.data_home import SET
from trainplat_cli.main import main


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


def test_the_commands_that_the_page_shows_are_ones_that_there_are(
    open_page: Callable[..., AppTest], trainplat_home: Path, tmp_path: Path
) -> None:
    shown: list[str] = []
    data_home.fill(Home(trainplat_home), tmp_path / "source")
    for part in ("graph", "merge", "spaces", "storage"):
        shown += [one.value for one in open_page("data", part=part).code]
    commands = [line for text in shown for line in text.splitlines() if line.startswith("trainplat data ")]
    assert len(commands) >= 3, shown
    for line in commands:
        _, *words_of = shlex.split(line)
        command: click.Command = main
        while isinstance(command, click.Group):
            found = command.get_command(click.Context(command), words_of.pop(0))
            assert found is not None, line
            command = found
        command.make_context("it", words_of)  # raises for an argument or option that there is not
