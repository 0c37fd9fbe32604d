"""Work trees that are given out, and killed."""

import shutil
from pathlib import Path

from resources.data.spaces.model import Kind as SpaceKind
from resources.data.spaces.service import SpaceService
from resources.data.storage.giving import PARTIAL
from resources.data.storage.worktree import quiet
from resources.data.versions.leftovers import clear
from resources.data.versions.service import VersionService
from resources.home import Home
from tests.resources.data.auditor import Audit, audit_home
from tests.resources.data.folders import read, write
from tests.resources.data.kills.kind import (
    ANN,
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

USER, SPACE = "ann", "sevens"


def _prepare(home: Path) -> None:
    folder = write(beside(home, "folder"), pictures(24))
    service(home).commit(wanted(folder))
    change(folder)
    service(home).commit(wanted(folder))  # what is given is not the newest
    shutil.rmtree(home / "data/.cache/trees")  # then objects are read before they are given


def _restore(home: Path) -> str:
    target = beside(home, "given")
    if not target.exists():
        service(home).restore(PICTURES, "v1.0", target)
    return _commit_what_was_given(service(home), target)


def _create_space(home: Path) -> str:
    spaces = _spaces(home)
    if not any(
        one.is_open for one in spaces.spaces(USER)
    ):  # its folder may be there, and its row not know it
        spaces.create(USER, SPACE, PICTURES, "v1.0", ANN, progress=quiet, kind=SpaceKind.COPY)
    assert [one.is_open for one in spaces.spaces(USER)] == [True]
    return _commit_what_was_given(service(home), _space(home))


def _commit_what_was_given(data: VersionService, folder: Path) -> str:
    # Whoever commits what was given learns which version it is, by no reading at all.
    made = data.commit(wanted(folder))
    assert not made.is_new
    clear(data.database, data.objects, data.clock())  # as whoever begins next does
    data.objects.sweep_drafts()  # as the collector does: to try a clone leaves two before anything is begun
    return made.version.key


def _check(home: Path, done: str | None, target: Path) -> Audit:
    found = audit_home(home)
    assert found.files(PICTURES, "v1.0") == names_of(pictures(24))
    assert set(found.versions) == {(PICTURES, "v1.0"), (PICTURES, "v1.1")}
    assert read(beside(home, "folder")) == changed_pictures()
    if target.exists():
        assert read(target) == pictures(24)
    if done is not None:
        assert target.exists()
        assert done == "v1.0"
        assert list(target.parent.glob(f".*{PARTIAL}*")) == []
        assert (found.journal, found.drafts) == (0, 0)
    return found


def _spaces(home: Path) -> SpaceService:
    return SpaceService(Home(home), Home(home).database())


def _space(home: Path) -> Path:
    return _spaces(home).folders(USER).data / SPACE


RESTORE = Kind(
    "restore",
    _prepare,
    _restore,
    lambda home: ["data", "restore", PICTURES, "v1.0", "--to", str(beside(home, "given"))],
    lambda home, done: _check(home, done, beside(home, "given")),
)
CREATE_SPACE = Kind(
    "create a space",
    _prepare,
    _create_space,
    lambda _: ["data", "space", "create", SPACE, PICTURES, "v1.0", "--kind", "copy", "--user", USER],
    lambda home, done: _check(home, done, _space(home)),
)
