"""What is killed: each kind prepares a home, does one thing to it, and knows how it has to end."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from resources.data.storage.giving import PARTIAL
from resources.data.storage.ingesting import Taking
from resources.data.versions.committing import Wanted
from resources.data.versions.leftovers import clear
from resources.data.versions.service import VersionService
from resources.home import Home
from resources.terms import Actor, DatasetName
from tests.resources.data.auditor import Audit, audit_home, md5_of
from tests.resources.data.folders import read, write

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


def _folder(home: Path) -> Path:
    return home.parent / f"{home.name}-folder"


def _prepare_commit(home: Path) -> None:
    folder = write(_folder(home), pictures(24))
    service(home).commit(wanted(folder))
    for number in (1, 2, 3):
        (folder / f"{number}/{number}").unlink()
    write(folder, {"4/4": b"changed", "large": b"rewritten" * 150_000, "new/a": b"a", "new/b": b"b"})


def _commit(home: Path, taking: Taking = Taking.COPY) -> str:
    return service(home).commit(wanted(_folder(home), taking)).version.key


def _link(home: Path) -> str:
    return _commit(home, Taking.LINK)


def _check_commit(home: Path, done: str | None) -> Audit:
    found, held = audit_home(home), read(_folder(home))
    expected = pictures(24) | {
        "4/4": b"changed",
        "large": b"rewritten" * 150_000,
        "new/a": b"a",
        "new/b": b"b",
    }
    for number in (1, 2, 3):
        del expected[f"{number}/{number}"]
    assert held == expected, "a user's file was changed"
    keys = {key for _, key in found.versions}
    assert keys in ({"v1.0"}, {"v1.0", "v1.1"})
    assert found.files(PICTURES, "v1.0") == _named(pictures(24))
    if "v1.1" in keys:
        assert found.files(PICTURES, "v1.1") == _named(expected)
    if done is not None:
        assert done in keys
        assert (found.journal, found.drafts) == (0, 0)
    return found


def _prepare_give(home: Path) -> None:
    folder = write(_folder(home), pictures(24))
    service(home).commit(wanted(folder))
    shutil.rmtree(home / "data/.cache/trees")  # then objects are read before they are given


def _target(home: Path) -> Path:
    return home.parent / f"{home.name}-given"


def _give(home: Path) -> str:
    if not _target(home).exists():
        service(home).restore(PICTURES, "v1.0", _target(home))
    # Whoever commits what was given learns which version it is, by no reading at all.
    made = service(home).commit(wanted(_target(home)))
    assert not made.is_new
    data = service(home)
    clear(data.database, data.objects, data.clock())  # as whoever begins next does
    data.objects.sweep_drafts()  # as the collector does: to try a clone leaves two before anything is begun
    return made.version.key


def _check_give(home: Path, done: str | None) -> Audit:
    found = audit_home(home)
    assert found.files(PICTURES, "v1.0") == _named(pictures(24))
    assert read(_folder(home)) == pictures(24)
    if _target(home).exists():
        assert read(_target(home)) == pictures(24)
    if done is not None:
        assert _target(home).exists()
        assert list(home.parent.glob(f"*{PARTIAL}*")) == []
        assert (found.journal, found.drafts) == (0, 0)
    return found


def _named(files: dict[str, bytes]) -> dict[str, str]:
    return {path: md5_of(content) for path, content in files.items()}


def _commit_command(home: Path) -> list[str]:
    return ["data", "commit", PICTURES, str(_folder(home))]


def _give_command(home: Path) -> list[str]:
    return ["data", "restore", PICTURES, "v1.0", "--to", str(_target(home))]


KINDS = [
    Kind("commit", _prepare_commit, _commit, _commit_command, _check_commit),
    Kind(
        "commit by link",
        _prepare_commit,
        _link,
        lambda home: [*_commit_command(home), "--link"],
        _check_commit,
    ),
    Kind("give", _prepare_give, _give, _give_command, _check_give),
]
