"""Pushes that are killed."""

import json
from pathlib import Path

from resources.data.places.service import PlaceService
from resources.data.versions.leftovers import clear
from resources.home import Home
from tests.resources.data.auditor import Audit, audit_home, md5_of
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

BACKUP = "backup"


def _prepare(home: Path) -> None:
    data = service(home)
    data.commit(wanted(write(beside(home, "folder"), pictures(24))))
    places = _places(home)
    places.add(BACKUP, str(beside(home, BACKUP)), ANN)
    places.push(PICTURES, None, BACKUP, ANN)
    change(beside(home, "folder"))
    data.commit(wanted(beside(home, "folder")))


def _push(home: Path) -> str:
    data = service(home)
    _places(home).push(PICTURES, None, BACKUP, ANN)
    clear(data.database, data.objects, data.clock())  # as whoever begins next does
    return "pushed"


def _check(home: Path, done: str | None) -> Audit:
    there = audit_remote(beside(home, BACKUP))
    return check_push(home, done, _places(home), there, (pictures(24), changed_pictures()))


def check_push(
    home: Path,
    done: str | None,
    places: PlaceService,
    there: set[str],
    versions: tuple[dict[str, bytes], dict[str, bytes]],
) -> Audit:
    """What a push left: the two versions here, and ``there`` all that the remote is said to have."""
    found = audit_home(home)
    expected = dict(zip(("v1.0", "v1.1"), versions, strict=True))
    assert found.versions == {(PICTURES, key): names_of(files) for key, files in expected.items()}
    assert read(beside(home, "folder")) == versions[1]
    [standing] = places.status(PICTURES)
    for version in standing.there:
        assert version.tree_md5 in there, f"the remote is said to have {version.key}"
    if done is not None:
        assert standing.missing == ()
        assert (found.journal, found.drafts) == (0, 0)
    return found


def audit_remote(place: Path, *, after_a_power_cut: bool = False) -> set[str]:
    """The objects of a remote in a folder; fails where one is wrong, or a tree lacks one.

    After a power cut there may be wrong ones that no tree names: the next push sends them again.
    """
    contents = {
        path.parent.name + path.name: path.read_bytes()
        for path in place.glob("files/md5/*/*")
        if not path.name.endswith(".tmp")
    }
    if not after_a_power_cut:
        return audit_contents(contents)
    wrong = {name for name, content in contents.items() if md5_of(content) != name.removesuffix(".dir")}
    return audit_contents({name: content for name, content in contents.items() if name not in wrong})


def audit_contents(contents: dict[str, bytes]) -> set[str]:
    """The names of a remote's objects; fails where one is wrong, or a tree lacks one."""
    for name, content in contents.items():
        assert md5_of(content) == name.removesuffix(".dir"), (
            f"object {name} of the remote is another one, {len(content)} bytes {content[:20]!r}"
        )
        if name.endswith(".dir"):
            lacking = {entry["md5"] for entry in json.loads(content)} - set(contents)
            assert not lacking, f"dvc would take tree {name} of the remote for whole"
    return set(contents)


def _places(home: Path) -> PlaceService:
    return PlaceService(Home(home), Home(home).database())


PUSH = Kind("push", _prepare, _push, lambda _: ["data", "push", PICTURES, "--remote", BACKUP], _check)
