"""Merges that are killed."""

from pathlib import Path

from resources.data.merges.service import MergeService
from resources.data.versions.leftovers import clear
from resources.data.versions.model import BranchState
from resources.home import Home
from tests.resources.data.auditor import Audit, audit_home
from tests.resources.data.folders import read, write
from tests.resources.data.kills.kind import ANN, PICTURES, Kind, beside, names_of, pictures, service, wanted

LABELS = "labels.csv"
BEFORE = pictures(8) | {LABELS: b"sample,grade\na,1\nb,2\nc,3\n"}
OURS = BEFORE | {LABELS: b"sample,grade\na,7\nb,2\nc,3\n", "ann": b"ann's"}
THEIRS = BEFORE | {LABELS: b"sample,grade\na,1\nb,2\nc,9\n", "bob": b"bob's"}
MERGED = OURS | THEIRS | {LABELS: b"sample,grade\na,7\nb,2\nc,9\n"}


def _prepare(home: Path) -> None:
    data = service(home)
    data.commit(wanted(write(beside(home, "ann"), BEFORE)))
    data.restore(PICTURES, "v1.0", beside(home, "bob"))
    data.commit(wanted(write(beside(home, "ann"), OURS)))
    data.commit(wanted(write(beside(home, "bob"), THEIRS), user="bob"))


def _merge(home: Path) -> str:
    data = service(home)
    merges = MergeService(data.home, data.database)
    [branch] = data.branches(PICTURES)
    if branch.state is BranchState.OPEN:
        tried = merges.merge(PICTURES, branch.name, ANN)
        assert tried.version is not None
        return tried.version.key
    clear(data.database, data.objects, data.clock())  # as whoever begins next does
    return str(branch.merged_as)


def _check(home: Path, done: str | None) -> Audit:
    found, data = audit_home(home), service(home)
    [branch] = data.branches(PICTURES)
    expected = {"v1.0": BEFORE, "v1.1": OURS, f"{branch.name}@1": THEIRS}
    if branch.state is BranchState.MERGED:
        expected["v1.2"] = MERGED
    [*states] = [one.state for one in MergeService(Home(home), data.database).merges(PICTURES)]
    assert states == (["merged"] if branch.state is BranchState.MERGED else [])
    assert found.versions == {(PICTURES, key): names_of(files) for key, files in expected.items()}
    assert read(beside(home, "ann")) == OURS
    assert read(beside(home, "bob")) == THEIRS
    if done is not None:
        assert (done, branch.merged_as) == ("v1.2", "v1.2")
        assert (found.journal, found.drafts) == (0, 0)
    return found


def _command(home: Path) -> list[str]:
    [branch] = service(home).branches(PICTURES)
    return ["data", "merge", PICTURES, branch.name]


MERGE = Kind("merge", _prepare, _merge, _command, _check)
