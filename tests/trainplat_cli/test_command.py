import importlib
import os
import subprocess
import sys
from types import ModuleType

import click
import pytest
from click.testing import CliRunner

from resources.errors import BadInput, Conflict, Denied, NotFound, TrainplatError, Unavailable
from resources.texts import mark
from trainplat_cli.command import Command, Group, option
from trainplat_cli.main import COMMANDS, main


@pytest.mark.parametrize(
    ("kind", "code"), [(BadInput, 2), (Denied, 3), (NotFound, 4), (Conflict, 5), (Unavailable, 1)]
)
def test_an_error_of_ours_is_a_message_a_next_step_and_an_exit_code(
    kind: type[TrainplatError], code: int
) -> None:
    @click.command(cls=Command)
    def failing() -> None:
        raise kind("the [disk] is full", "Free some space.")

    result = CliRunner().invoke(failing)
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr == "Error: the [disk] is full\nNext: Free some space.\n"


def test_a_wrong_usage_is_an_exit_code_of_its_own() -> None:
    assert CliRunner().invoke(main, ["nothing"]).exit_code == 2
    assert CliRunner().invoke(main, ["status", "--nothing"]).exit_code == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_in_every_language(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    english = CliRunner().invoke(main, [name, "--help"])
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    chinese = CliRunner().invoke(main, [name, "--help"])
    assert english.exit_code == chinese.exit_code == 0
    assert english.stdout != chinese.stdout


def test_the_help_lists_the_commands_in_the_order_in_which_people_meet_them() -> None:
    listed = CliRunner().invoke(main, ["--help"]).stdout.split("Commands:")[1].split("\n")
    assert tuple(line.split()[0] for line in listed if line.strip()) == COMMANDS


def test_help_is_translated_when_it_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command(cls=Command, help=mark("Print the version."))
    @option("--json", is_flag=True, help=mark("Print the same for machines."))
    def made(json: bool) -> None:
        assert json

    monkeypatch.setenv("TRAINPLAT_LANG", "en")
    assert "Print the version." in CliRunner().invoke(made, ["--help"]).stdout
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    assert "Print the version." not in CliRunner().invoke(made, ["--help"]).stdout
    assert CliRunner().invoke(made, ["--json"]).exit_code == 0


def test_a_command_is_imported_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []
    load = importlib.import_module

    def noted(name: str) -> ModuleType:
        imported.append(name)
        return load(name)

    monkeypatch.setattr(importlib, "import_module", noted)
    group = Group("group", modules={"version": "trainplat_cli.commands.version", "demo": "no.such.module"})
    assert CliRunner().invoke(group, ["version"]).exit_code == 0
    assert imported == ["trainplat_cli.commands.version"]


def test_the_supervisor_does_not_load_what_only_its_parts_need() -> None:
    code = (
        "import sys; import trainplat_cli.main, trainplat_cli.commands.up, trainplat_cli.supervisor.run;"
        "print(sorted({'dagster', 'torch', 'mlflow', 'pandas', 'grpc', 'httpx'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout == "[]\n"
