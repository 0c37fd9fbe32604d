"""What the manuals name exists: commands, options, settings, links, pictures, files."""

import ast
import re
import shlex
import signal
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import click
import pytest
from dagster._cli import cli as dagster_command

from resources.errors import ExitCode, TrainplatError
from resources.home import Addresses
from tests.house.files import files, name_of
from tests.house.modules import CHECKOUT, module_files
from trainplat_cli.commands.up import Caught
from trainplat_cli.main import main as trainplat_command
from trainplat_cli.supervisor.model import PartName
from trainplat_cli.supervisor.ports import USUAL_PORTS, port_variable

MANUALS = [path for path in files() if path.suffix == ".md"]
SETTING = re.compile(r"\bTRAINPLAT_[A-Z_]+\b")
INSIDE = {
    "TRAINPLAT_LEASE",
    "TRAINPLAT_MOUNTS",
    "TRAINPLAT_MOUNT_",
    "TRAINPLAT_MPS",
    "TRAINPLAT_RUN_ID",
    "TRAINPLAT_SUPERVISED",
}
"""Variables that processes of ours give each other; no person sets them."""


def commands(path: Path) -> Iterator[list[str]]:
    """The commands that a manual shows, in blocks of shell and in running text, as words."""
    text = path.read_text()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in lines:
        try:
            words = shlex.split(line.replace("…", ""), comments=True)
        except ValueError:
            continue
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words = words[1:]
        if words:
            yield words


def manuals() -> list[object]:
    return [pytest.param(path, id=name_of(path)) for path in MANUALS]


@pytest.mark.parametrize("manual", manuals())
def test_every_make_target_in_a_manual_exists(manual: Path) -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    variables = set(re.findall(r"\$\(([A-Z]+)\)", makefile))
    for words in commands(manual):
        if words[0] != "make":
            continue
        assert {word for word in words[1:] if re.fullmatch("[a-z-]+", word)} <= targets, words
        assert {word.partition("=")[0] for word in words[1:] if "=" in word} <= variables, words


@pytest.mark.parametrize("manual", manuals())
def test_every_command_in_a_manual_exists_with_its_options(manual: Path) -> None:
    known = {"trainplat": trainplat_command, "dagster": dagster_command}
    for words in commands(manual):
        if words[0] in known and len(words) > 1:
            problem = unknown_part(known[words[0]], words[1:])
            assert problem is None, f"{shlex.join(words)}: {problem}"


def test_the_manual_lists_each_exit_code_that_commands_end_with() -> None:
    table = (CHECKOUT / "docs" / "operations.md").read_text().partition("| ends with | when |")[2]
    rows = re.findall(r"^\| ([\d, ]+) \|", table.partition("\n\n")[0], re.MULTILINE)
    listed = [int(code) for row in rows for code in row.split(",")]
    kinds: list[type[TrainplatError]] = [TrainplatError, *TrainplatError.__subclasses__()]
    interrupted = {Caught(number).exit_code for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    assert listed == sorted({int(ExitCode.DONE)} | {int(kind.exit_code) for kind in kinds} | interrupted)


def unknown_part(command: click.Command, words: list[str]) -> str | None:
    """What of ``words`` a command does not know."""
    while words and isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words[0])
        if found is None:
            return f"no command {words[0]}"
        command, words = found, words[1:]
    options = {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts}
    unknown = [word for word in words if word.startswith("-") and word.partition("=")[0] not in options]
    return f"no option {unknown[0]}" if unknown else None


@cache
def settings_in_code() -> frozenset[str]:
    """Every variable of ours that some module names, and those whose names are built from a part's."""
    found = {port_variable(part) for part in USUAL_PORTS}
    found |= {f"TRAINPLAT_{field.name.upper()}_URL" for field in fields(Addresses)}
    for path in module_files().values():
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and SETTING.fullmatch(node.value)
            ):
                found.add(node.value)
    return frozenset(found)


@pytest.mark.parametrize("manual", manuals())
def test_every_setting_in_a_manual_exists(manual: Path) -> None:
    assert set(SETTING.findall(manual.read_text())) <= settings_in_code()


def test_every_setting_that_people_make_stands_in_operations() -> None:
    told = set(SETTING.findall((CHECKOUT / "docs/operations.md").read_text()))
    assert settings_in_code() - INSIDE <= told


def test_every_part_of_the_stack_stands_in_operations() -> None:
    told = (CHECKOUT / "docs/operations.md").read_text() + (CHECKOUT / "docs/architecture.md").read_text()
    missing = [part for part in PartName if part.value.replace("-", " ").lower() not in told.lower()]
    assert not missing


@pytest.mark.parametrize("manual", manuals())
def test_every_link_in_a_manual_leads_somewhere(manual: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", manual.read_text()):
        if re.match(r"https?://", target):
            continue
        place, _, anchor = target.partition("#")
        there = (manual.parent / place).resolve() if place else manual
        assert there.exists(), target
        if anchor:
            assert anchor in {slug(line) for line in there.read_text().splitlines() if line.startswith("#")}


def slug(heading: str) -> str:
    """The anchor of a heading, as forges make it."""
    return re.sub(r"[^\w\- ]", "", heading.lstrip("# ").lower()).replace(" ", "-")


@pytest.mark.parametrize("manual", manuals())
def test_every_file_that_a_manual_names_exists(manual: Path) -> None:
    tops = {name_of(path).partition("/")[0] for path in files()}
    text = re.sub(r"```.*?```", "", manual.read_text(), flags=re.DOTALL)
    for named in re.findall(r"`([\w.-]+/[\w./-]*)`", text):
        if named.partition("/")[0] in tops:
            assert (CHECKOUT / named).exists(), named


def test_every_picture_is_shown() -> None:
    shown = "".join(path.read_text() for path in MANUALS)
    pictures = [name_of(path) for path in files() if path.parent == CHECKOUT / "docs/pictures"]
    assert not [name for name in pictures if Path(name).name not in shown]
