"""What is killed: each kind prepares a home, does one thing to it, and knows how it has to end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from resources.data.storage.ingesting import Taking
from resources.data.versions.committing import Wanted
from resources.data.versions.service import VersionService
from resources.home import Home
from resources.terms import Actor, DatasetName
from tests.resources.data.auditor import Audit, md5_of
from tests.resources.data.folders import write

PICTURES = DatasetName("pictures")
ANN = Actor("user:ann")


@dataclass(frozen=True)
class Kind:
    """One thing that is killed."""

    name: str
    prepare: Callable[[Path], None]
    """Make the home at this path, and whatever the thing needs."""
    work: Callable[[Path], str]
    """Do it; what is told as done."""
    command: Callable[[Path], list[str]]
    """The same as arguments of ``trainplat``."""
    check: Callable[[Path, str | None], Audit]
    """Audit after a kill, or after it was told as done."""
    at: str = ""
    """It is killed at acts that begin so; empty for any."""
    servers: tuple[str, ...] = ()
    """Fixtures that it needs."""


def service(home: Path) -> VersionService:
    """The versions of a home."""
    return VersionService(Home(home), Home(home).database())


def wanted(folder: Path, taking: Taking = Taking.COPY, user: str = "ann") -> Wanted:
    """A commit of a folder."""
    return Wanted(PICTURES, folder, "", Actor(f"user:{user}"), user, taking=taking)


def pictures(count: int, tint: int = 0) -> dict[str, bytes]:
    """Files of several sizes and folders, two of them alike, one larger than what is read at a time."""
    made = {f"{number % 5}/{number}": bytes([tint, number]) * (number * 7) for number in range(count)}
    return made | {"large": bytes([tint, 1, 2, 3]) * 300_000, "alike": made["1/1"]}


CHANGED = {"4/4": b"changed", "large": b"rewritten" * 150_000, "new/a": b"a", "new/b": b"b"}
REMOVED = ("1/1", "2/2", "3/3")


def changed_pictures() -> dict[str, bytes]:
    """What :func:`pictures` become in a second version."""
    return {path: content for path, content in (pictures(24) | CHANGED).items() if path not in REMOVED}


def change(folder: Path) -> None:
    """Make a folder of pictures hold the changed ones."""
    for path in REMOVED:
        (folder / path).unlink()
    write(folder, CHANGED)


def beside(home: Path, what: str) -> Path:
    """A folder of some user, beside a home."""
    return home.parent / f"{home.name}-{what}"


def names_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """Path to the name of its object."""
    return {path: md5_of(content) for path, content in files.items()}
