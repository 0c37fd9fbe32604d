import errno
import importlib
import os
import subprocess
import sys
from pathlib import Path
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


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.EACCES, 3), (errno.ENOTDIR, 2), (errno.EEXIST, 2)],
)
def test_a_file_that_cannot_be_used_is_named_with_what_to_do(
    number: int, code: int, trainplat_home: Path
) -> None:
    @click.command(cls=Command)
    def failing() -> None:
        raise OSError(number, os.strerror(number), str(trainplat_home / "run"))

    result = CliRunner().invoke(failing)
    assert result.exit_code == code
    assert f"Error: {trainplat_home}/run cannot be used: {os.strerror(number)}\n" in result.stderr
    assert f"it is {trainplat_home} now" in result.stderr


@pytest.mark.parametrize(
    ("number", "how", "remedy"),
    [(errno.EROFS, "is read-only", "remount,rw"), (errno.EIO, "fails", "smartctl")],
)
def test_a_disk_that_cannot_be_written_is_named_with_what_to_do(
    number: int, how: str, remedy: str, trainplat_home: Path
) -> None:
    @click.command(cls=Command)
    def failing() -> None:
        raise OSError(number, os.strerror(number), str(trainplat_home / "run"))

    result = CliRunner().invoke(failing)
    assert result.exit_code == 1
    assert f"the disk that holds {trainplat_home} {how}" in result.stderr
    assert remedy in result.stderr


def test_a_full_disk_is_said_even_where_the_system_names_no_file(trainplat_home: Path) -> None:
    @click.command(cls=Command)
    def failing() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    result = CliRunner().invoke(failing)
    assert result.exit_code == 1
    assert f"the disk that holds {trainplat_home.parent} is full" in result.stderr
    assert "Free some space" in result.stderr


def test_what_is_no_trouble_of_a_disk_is_not_called_one() -> None:
    @click.command(cls=Command)
    def failing() -> None:
        raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))

    assert isinstance(CliRunner().invoke(failing).exception, ConnectionResetError)


@pytest.mark.parametrize("command", [["up"], ["up", "--detach"], ["env"], ["demo"], ["demo", "--fresh"]])
def test_a_home_that_is_a_file_is_bad_input(
    command: list[str], trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_LABEL_STUDIO_BIN", sys.executable)
    trainplat_home.write_text("not a folder")
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2
    assert f"TRAINPLAT_HOME names {trainplat_home}, which is not a folder" in result.stderr


@pytest.mark.parametrize("command", ["status", "down"])
def test_no_stack_runs_where_the_home_is_a_file(command: str, trainplat_home: Path) -> None:
    trainplat_home.write_text("not a folder")
    result = CliRunner().invoke(main, [command])
    assert result.exit_code == 0
    assert "No stack runs" in result.output


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


def test_a_file_elsewhere_that_is_not_there_has_nothing_to_do_with_the_home(
    trainplat_home: Path, tmp_path: Path
) -> None:
    @click.command(cls=Command)
    def failing() -> None:
        (tmp_path / "elsewhere/list.csv").read_text()

    result = CliRunner().invoke(failing)
    assert result.exit_code == 4
    assert (
        f"Error: {tmp_path}/elsewhere/list.csv cannot be used: {os.strerror(errno.ENOENT)}" in result.stderr
    )
    assert "TRAINPLAT_HOME" not in result.stderr
