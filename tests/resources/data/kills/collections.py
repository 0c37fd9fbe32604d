"""Collecting and erasing that is killed."""

from datetime import timedelta
from pathlib import Path

from resources.data.collecting.service import CollectingService
from resources.data.storage.drafts import mark_of
from resources.data.versions.model import State
from resources.holder import Holder
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

STRAYS = [b"stray %d" % number for number in range(12)]
ONLY_THERE = {f"only/{number}": b"only there %d" % number for number in range(8)}
OLD = pictures(8) | ONLY_THERE


def _prepare(home: Path) -> None:
    data = service(home)
    data.commit(wanted(write(beside(home, "folder"), pictures(24))))
    change(beside(home, "folder"))
    data.commit(wanted(beside(home, "folder")))
    for content in STRAYS:
        data.objects.put(content)
    with data.database.write_plainly() as rows:
        long_ago = data.clock() - timedelta(days=1)
        condemned = [{"name": md5_of(content), "since": long_ago} for content in STRAYS]
        rows.run_many("INSERT INTO data_condemned (name, since) VALUES (:name, :since)", condemned)
    dead = Holder(Holder.current().host, 999999999, "x:1")
    (home / "data/.cache/drafts" / f"{mark_of(dead)}-1-half").write_bytes(b"half")


def _prepare_to_erase(home: Path) -> None:
    data = service(home)
    data.commit(wanted(write(beside(home, "folder"), pictures(24))))
    data.commit(wanted(write(beside(home, "old"), OLD)))
    _forget(home, beside(home, "old"))  # nobody is at it any more


def _collect(home: Path) -> str:
    keeper = _keeper(home)
    keeper.collect(ANN, timedelta(0))
    keeper.collect(ANN, timedelta(0))  # what the first one put into the trash
    return "collected"


def _erase(home: Path) -> str:
    if service(home).show(PICTURES, "v1.1").state is not State.ERASED:
        _keeper(home).erase(PICTURES, "v1.1", ANN)
    _keeper(home).collect(ANN, timedelta(0))  # finishes what was begun
    _keeper(home).collect(ANN, timedelta(0))
    return "erased"


def _check(home: Path, done: str | None) -> Audit:
    found = audit_home(home)
    expected = {"v1.0": pictures(24), "v1.1": changed_pictures()}
    assert found.versions == {(PICTURES, key): names_of(files) for key, files in expected.items()}
    assert read(beside(home, "folder")) == changed_pictures()
    if done is not None:
        assert found.objects.isdisjoint(map(md5_of, STRAYS))
        assert (found.journal, found.drafts) == (0, 0)
    return found


def _check_erased(home: Path, done: str | None) -> Audit:
    found = audit_home(home)
    assert found.files(PICTURES, "v1.0") == names_of(pictures(24))
    assert read(beside(home, "folder")) == pictures(24)
    assert read(beside(home, "old")) == OLD, "a user's file was changed"
    if (PICTURES, "v1.1") in found.versions:
        assert found.files(PICTURES, "v1.1") == names_of(OLD)
        assert done is None
    if done is not None:
        held = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
        assert not [text for text in ONLY_THERE.values() if any(text in content for content in held)]
        assert (found.journal, found.drafts) == (0, 0)
    return found


def _forget(home: Path, folder: Path) -> None:
    from resources.data.versions import worktrees

    with service(home).database.write_plainly() as rows:
        worktrees.forget(rows, folder)


def _keeper(home: Path) -> CollectingService:
    return CollectingService(Home(home), Home(home).database())


COLLECT = Kind("gc", _prepare, _collect, lambda _: ["data", "gc", "--grace", "1s"], _check)
ERASE = Kind(
    "erase",
    _prepare_to_erase,
    _erase,
    lambda _: ["data", "delete", PICTURES, "v1.1", "--erase", "--yes"],
    _check_erased,
)
