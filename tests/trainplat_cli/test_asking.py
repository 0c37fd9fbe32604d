"""Asking before something is done that cannot be undone."""

import click
import pytest
from click.testing import CliRunner

from trainplat_cli.asking import confirm
from trainplat_cli.command import Command


@click.command(cls=Command)
def erase() -> None:
    confirm("Erase it?")
    click.echo("erased")


@pytest.mark.parametrize(("said", "code", "is_done"), [("y\n", 0, True), ("n\n", 1, False), ("", 2, False)])
def test_it_is_done_only_where_a_person_says_yes(said: str, code: int, is_done: bool) -> None:
    told = CliRunner().invoke(erase, input=said)
    assert (told.exit_code, "erased" in told.stdout) == (code, is_done)


def test_a_script_is_told_how_to_go_on_without_a_question() -> None:
    told = CliRunner().invoke(erase, input="")
    assert "nobody is there to answer: Erase it?" in told.stderr
    assert "Give --yes" in told.stderr
