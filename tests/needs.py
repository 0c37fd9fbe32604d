"""What tests need beyond the lock files: present on the machine of CI, perhaps not on a developer's.

``@pytest.mark.needs("chromium")`` on a test, or ``needs("postgresql")`` inside a fixture: where the thing is
missing the test is skipped with the reason, and fails when ``CI=true``.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
ON_SQLITE, ON_POSTGRESQL = "SQLite", "PostgreSQL"
"""Which database a test of both runs on."""


@dataclass(frozen=True)
class Need:
    """One thing that a test may need, and how a person gets it."""

    find: Callable[[], str | None]
    """Where it is, or None where it is missing."""
    remedy: str
    is_of_the_machine: bool = False
    """Whether nothing that is installed brings it: then it may be missing in CI as well."""


def label_studio_program() -> str | None:
    """The ``label-studio`` command of its own environment."""
    program = CHECKOUT / ".venvs/label-studio/bin/label-studio"
    return str(program) if program.exists() else None


def postgresql_programs() -> str | None:
    """The folder that holds ``initdb`` and ``pg_ctl``; the newest where there are several."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return str(found[-1].parent)
    on_path = shutil.which("initdb")
    return str(Path(on_path).parent) if on_path else None


def chromium() -> str | None:
    """A Chromium that Playwright can drive."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def loop_mounts() -> str | None:
    """Whether this process may mount the image of a disk."""
    control = Path("/dev/loop-control")
    return str(control) if os.geteuid() == 0 and os.access(control, os.W_OK) else None


@cache
def mounts() -> str | None:
    """Whether this process may mount a file system: not every root of a container may."""
    if os.geteuid() != 0:
        return None
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run(
            ["mount", "-t", "tmpfs", "none", folder], check=False, capture_output=True
        ).returncode:
            return None
        subprocess.run(["umount", folder], check=True)
    return "tmpfs"


def fuse() -> str | None:
    """Whether this process may serve a file system by itself."""
    device = Path("/dev/fuse")
    return str(device) if os.geteuid() == 0 and os.access(device, os.W_OK) else None


@cache
def chinese_font() -> str | None:
    """A font with Chinese characters, for pictures of pages in Chinese."""
    if shutil.which("fc-list") is None:
        return None
    listed = subprocess.run(["fc-list", ":lang=zh-cn", "file"], capture_output=True, text=True, check=False)
    return listed.stdout.splitlines()[0].rstrip(": ") if listed.stdout.strip() else None


NEEDS: dict[str, Need] = {
    "chromium": Need(chromium, "apt-get install chromium"),
    "chinese font": Need(chinese_font, "apt-get install fonts-noto-cjk fontconfig"),
    "postgresql": Need(postgresql_programs, "apt-get install postgresql"),
    "h2load": Need(lambda: shutil.which("h2load"), "apt-get install nghttp2-client"),
    "label studio": Need(label_studio_program, "make setup"),
    "git": Need(lambda: shutil.which("git"), "apt-get install git"),
    "xfs": Need(lambda: shutil.which("mkfs.xfs"), "apt-get install xfsprogs"),
    "btrfs": Need(lambda: shutil.which("mkfs.btrfs"), "apt-get install btrfs-progs"),
    "ext4": Need(lambda: shutil.which("mkfs.ext4"), "apt-get install e2fsprogs"),
    "fuse": Need(fuse, "run the tests as root of a machine that has /dev/fuse", is_of_the_machine=True),
    "root": Need(lambda: "root" if os.geteuid() == 0 else None, "run the tests as root"),
    "mounts": Need(mounts, "run the tests as root of a machine that lets it mount", is_of_the_machine=True),
    "loop mounts": Need(
        loop_mounts, "run the tests as root of a machine that has /dev/loop-control", is_of_the_machine=True
    ),
}


def needs(name: str) -> str:
    """Where ``name`` is. Skips the test where it is missing; fails it in CI if it can be installed."""
    need = NEEDS[name]
    found = need.find()
    if found is not None:
        return found
    reason = f"{name} is missing on this machine; to run this test: {need.remedy}"
    if os.environ.get("CI") == "true" and not need.is_of_the_machine:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
