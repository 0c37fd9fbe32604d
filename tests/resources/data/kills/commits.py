"""Commits that are killed."""

from pathlib import Path

from resources.data.storage.ingesting import Taking
from tests.resources.data.auditor import Audit, audit_home
from tests.resources.data.folders import read, write
from tests.resources.data.kills.kind import (
    PICTURES,
    Kind,
    beside,
    change,
    changed_pictures,
    names_of,
    pictures,
    service,
    wanted,
)


def _prepare(home: Path) -> None:
    folder = write(beside(home, "folder"), pictures(24))
    service(home).commit(wanted(folder))
    change(folder)


def _commit(home: Path, taking: Taking = Taking.COPY) -> str:
    return service(home).commit(wanted(beside(home, "folder"), taking)).version.key


def _link(home: Path) -> str:
    return _commit(home, Taking.LINK)


def _check(home: Path, done: str | None) -> Audit:
    found = audit_home(home)
    assert read(beside(home, "folder")) == changed_pictures(), "a user's file was changed"
    keys = {key for _, key in found.versions}
    assert keys in ({"v1.0"}, {"v1.0", "v1.1"})
    assert found.files(PICTURES, "v1.0") == names_of(pictures(24))
    if "v1.1" in keys:
        assert found.files(PICTURES, "v1.1") == names_of(changed_pictures())
    if done is not None:
        assert done in keys
        assert (found.journal, found.drafts) == (0, 0)
    return found


def _command(home: Path) -> list[str]:
    return ["data", "commit", PICTURES, str(beside(home, "folder"))]


COMMIT = Kind("commit", _prepare, _commit, _command, _check)
COMMIT_BY_LINK = Kind("commit by link", _prepare, _link, lambda home: [*_command(home), "--link"], _check)
