"""The lock files say what is installed, and agree with what pyproject.toml asks for."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.checkout import INSTALLER_LOCK, LABEL_STUDIO, PLATFORM
from tests.house.modules import CHECKOUT

LOCKS = [PLATFORM.lock, LABEL_STUDIO.lock, INSTALLER_LOCK]
PIN = re.compile(r"[a-z0-9][a-z0-9._-]*==[0-9][a-z0-9.!]*")


def pins(lock: Path) -> dict[str, str]:
    lines = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
    return {canonicalize_name(name): pinned for name, _, pinned in (line.partition("==") for line in lines)}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_names_and_versions_and_nothing_else(lock: Path) -> None:
    lines = lock.read_text().splitlines()
    assert lines[0].startswith("# ")
    assert [line for line in lines[1:] if not PIN.fullmatch(line)] == []
    assert lines[1:] == sorted(lines[1:], key=lambda line: line.partition("==")[0])


def test_every_dependency_is_locked_at_a_version_it_allows() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    locked = pins(PLATFORM.lock)
    asked = [
        Requirement(text) for text in (*project["dependencies"], *project["optional-dependencies"]["dev"])
    ]
    wrong = [
        str(requirement)
        for requirement in asked
        if not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "0"))
    ]
    assert not wrong


def test_what_overrides_a_wish_is_locked_as_overridden() -> None:
    overridden = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["uv"][
        "override-dependencies"
    ]
    locked = pins(PLATFORM.lock)
    for text in overridden:
        requirement = Requirement(text)
        assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)])


def test_label_studio_is_locked_at_the_version_asked_for() -> None:
    asked = Requirement((CHECKOUT / "locks/label-studio.in").read_text().strip())
    assert asked.specifier.contains(pins(LABEL_STUDIO.lock)["label-studio"])


def test_what_is_installed_is_what_is_locked() -> None:
    different = {}
    for name, locked in pins(PLATFORM.lock).items():
        try:
            installed = version(name).partition("+")[0]
        except PackageNotFoundError:
            installed = "missing"
        if installed != locked:
            different[name] = f"locked {locked}, installed {installed}: run make setup"
    assert not different


def test_no_library_of_a_graphics_card_is_locked() -> None:
    assert [name for name in pins(PLATFORM.lock) if name.startswith(("nvidia-", "triton"))] == [
        "nvidia-ml-py"
    ]
