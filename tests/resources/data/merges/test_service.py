"""Merges of branches: clean, in conflict, answered, resumed, and beside others who commit."""

from pathlib import Path

import pytest

from resources.data.merges.model import MergeState
from resources.data.merges.service import MergeService
from resources.data.merging.model import Choice, How, Mode, Policy, PolicyRule, Resolution
from resources.data.schemas.sentences import sentence
from resources.data.versions.committing import Wanted
from resources.data.versions.errors import UnknownRef
from resources.data.versions.model import BranchState, Committed
from resources.data.versions.service import VersionService
from resources.database.audit import recent
from resources.database.engine import Database
from resources.errors import BadInput, Conflict, NotFound
from resources.home import Home
from resources.terms import Actor, DatasetName

DEMO = DatasetName("demo")
ANN, BOB = Actor("user:ann"), Actor("user:bob")


class Desk:
    """Two people who work on one data set."""

    def __init__(self, home: Home, database: Database, root: Path) -> None:
        self.versions, self.merges = VersionService(home, database), MergeService(home, database)
        self.root = root

    def commit(self, user: str, files: dict[str, str | None], base: str | None = None) -> Committed:
        """What a user commits on top of what he has; None takes a file away."""
        folder = self.root / user
        if base is not None:
            self.versions.restore(DEMO, base, folder)
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_text(content)
        return self.versions.commit(Wanted(DEMO, folder, f"by {user}", Actor(f"user:{user}"), user))

    def files(self, ref: str = "latest") -> dict[str, str]:
        """The content of a version."""
        tree = self.versions.tree(self.versions.show(DEMO, ref))
        return {path: self.versions.objects.read(name).decode() for path, name, _ in tree}

    def apart(self, ann: dict[str, str | None], bob: dict[str, str | None]) -> str:
        """Both begin from v1.0; Ann is first, so Bob is on a branch: its name."""
        self.commit(
            "start", {"labels.csv": "id,grade\na,1\nb,2\nc,3\n", "pictures/a.png": "a", "old.txt": "x"}
        )
        self.commit("ann", ann, base="v1.0")
        branch = self.commit("bob", bob, base="v1.0").version.branch
        assert branch is not None
        return branch


@pytest.fixture
def desk(any_database: Database, tmp_path: Path) -> Desk:
    return Desk(Home(tmp_path / "home"), any_database, tmp_path)


def test_two_who_labelled_different_samples_merge_by_themselves(desk: Desk) -> None:
    branch = desk.apart(
        {"labels.csv": "id,grade\na,7\nb,2\nc,3\n", "old.txt": None},
        {"labels.csv": "id,grade\na,1\nb,2\nc,9\n", "pictures/n.png": "n", "old.txt": None},
    )
    tried = desk.merges.merge(DEMO, branch, ANN)
    assert tried.version is not None
    assert (tried.version.key, tried.version.parents) == ("v1.2", ("v1.1", f"{branch}@1"))
    assert desk.files() == {
        "labels.csv": "id,grade\na,7\nb,2\nc,9\n",
        "pictures/a.png": "a",
        "pictures/n.png": "n",
    }
    [merged] = desk.versions.branches(DEMO)
    assert (merged.state, merged.merged_as) == (BranchState.MERGED, "v1.2")
    assert [one.state for one in desk.merges.merges(DEMO)] == [MergeState.MERGED]
    assert recent(desk.merges.database)[0].action == "data.merge"


def test_a_merge_in_which_the_last_sample_of_a_class_goes_is_the_next_major_version(desk: Desk) -> None:
    table = "id,label\na,cat\nb,dog\nc,dog\n"
    desk.commit("start", {"labels.csv": table})
    ours = desk.commit("ann", {"labels.csv": table.replace("b,dog", "b,cat")}, base="v1.0")
    theirs = desk.commit("bob", {"labels.csv": table.replace("c,dog", "c,cat")}, base="v1.0")
    assert (ours.version.key, ours.schema_changes, theirs.schema_changes) == ("v1.1", (), ())
    tried = desk.merges.merge(DEMO, theirs.version.branch or "", ANN)
    assert tried.version is not None
    assert tried.version.key == "v2.0"
    [change] = tried.schema_changes
    assert str(sentence(change, str)) == "the class dog is gone from labels.csv, column label"
    assert desk.versions.schema_changes(DEMO, "v1.1", "v2.0") == (change,)


def test_a_conflict_is_kept_answered_and_gone_on_from(desk: Desk) -> None:
    branch = desk.apart(
        {"labels.csv": "id,grade\na,1\nb,2\nc,5\n"}, {"labels.csv": "id,grade\na,8\nb,2\nc,6\n"}
    )
    tried = desk.merges.merge(DEMO, branch, ANN)
    assert tried.version is None
    [conflict] = tried.conflicts
    assert (conflict.path, conflict.record, conflict.field) == ("labels.csv", "c", "grade")
    assert (conflict.base, conflict.ours, conflict.theirs) == ("3", "5", "6")
    [kept] = desk.merges.merges()
    assert (kept.state, kept.conflicts, kept.base, kept.ours) == (MergeState.OPEN, 1, "v1.0", "v1.1")
    desk.merges.answer(DEMO, branch, [Resolution(Choice.OURS, conflict.id)], BOB)
    desk.merges.answer(DEMO, branch, [Resolution(Choice.GIVEN, conflict.id, value="4")], BOB)
    assert [one.resolution.choice for one in desk.merges.answers(DEMO, branch)] == [Choice.GIVEN]
    assert desk.merges.look(DEMO, branch).conflicts == ()
    assert desk.merges.merge(DEMO, branch, ANN).version is not None
    assert desk.files()["labels.csv"] == "id,grade\na,8\nb,2\nc,4\n"


def test_answers_outlive_a_commit_that_comes_in_between(desk: Desk) -> None:
    branch = desk.apart(
        {"labels.csv": "id,grade\na,1\nb,2\nc,5\n"}, {"labels.csv": "id,grade\na,1\nb,2\nc,6\n"}
    )
    [conflict] = desk.merges.merge(DEMO, branch, ANN).conflicts
    desk.merges.answer(DEMO, branch, [Resolution(Choice.THEIRS, conflict.id)], BOB)
    desk.commit("ann", {"more.txt": "more"})
    tried = desk.merges.merge(DEMO, branch, ANN)
    assert tried.version is not None
    assert (tried.version.key, tried.merge.ours) == ("v1.3", "v1.2")
    assert desk.files()["labels.csv"].endswith("c,6\n")
    assert desk.files()["more.txt"] == "more"


def test_whoever_commits_while_a_merge_is_written_makes_it_begin_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = desk.apart({"pictures/a.png": "A"}, {"pictures/n.png": "n"})
    write = desk.merges._write
    late: list[Committed] = []

    def write_late(*arguments: object) -> object:
        if not late:
            late.append(desk.commit("ann", {"late.txt": "late"}))
        return write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.merges, "_write", write_late)
    tried = desk.merges.merge(DEMO, branch, ANN)
    assert tried.version is not None
    assert tried.version.parents == ("v1.2", f"{branch}@1")
    assert desk.files()["late.txt"] == "late"


@pytest.mark.parametrize("act", ["merge", "offer"])
def test_who_is_slow_does_not_open_a_merge_again_that_another_one_has_done(
    desk: Desk, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = desk.apart({"pictures/a.png": "A"}, {"pictures/a.png": "B"})
    find = desk.merges._outcome

    def find_slowly(start: object) -> object:
        monkeypatch.undo()
        found = find(start)  # type: ignore[arg-type]
        desk.merges.answer(DEMO, branch, [Resolution(Choice.OURS, found.conflicts[0].id)], BOB)
        assert desk.merges.merge(DEMO, branch, BOB).version is not None
        return found

    monkeypatch.setattr(desk.merges, "_outcome", find_slowly)
    with pytest.raises(Conflict, match=r"is merged as v1\.2, not open"):
        getattr(desk.merges, act)(DEMO, branch, ANN)
    [merge] = desk.merges.merges(DEMO)
    assert (merge.state, merge.merged_as) == (MergeState.MERGED, "v1.2")


def test_a_file_is_given_by_an_object_that_is_there_and_by_no_other(desk: Desk) -> None:
    branch = desk.apart({"pictures/a.png": "A"}, {"pictures/a.png": "B"})
    [conflict] = desk.merges.merge(DEMO, branch, ANN).conflicts
    for wrong, told in (("0" * 32, "is missing"), ("a.png", "is no MD5")):
        with pytest.raises(BadInput, match=told):
            desk.merges.answer(DEMO, branch, [Resolution(Choice.GIVEN, conflict.id, value=wrong)], BOB)
    assert desk.merges.answers(DEMO, branch) == []
    other = desk.merges.objects.put(b"C").md5
    desk.merges.answer(DEMO, branch, [Resolution(Choice.GIVEN, conflict.id, value=other)], BOB)
    assert desk.merges.merge(DEMO, branch, ANN).version is not None
    assert desk.files()["pictures/a.png"] == "C"


def test_policy_decides_by_path_and_is_remembered(desk: Desk) -> None:
    branch = desk.apart(
        {"pictures/a.png": "ann", "labels.csv": "id,grade\na,5\nb,2\nc,3\n"},
        {"pictures/a.png": "bob", "labels.csv": "id,grade\na,6\nb,2\nc,3\n"},
    )
    policy = Policy((PolicyRule("pictures/**", Mode.THEIRS),))
    tried = desk.merges.merge(DEMO, branch, ANN, policy)
    assert [one.path for one in tried.conflicts] == ["labels.csv"]
    desk.merges.answer(DEMO, branch, [Resolution(Choice.OURS, glob="labels.csv")], ANN)
    merged = desk.merges.merge(DEMO, branch, ANN)
    assert merged.outcome.counts[How.POLICY_THEIRS] == 1
    assert desk.files()["pictures/a.png"] == "bob"


def test_a_merge_can_be_given_up_and_tried_again(desk: Desk) -> None:
    branch = desk.apart({"pictures/a.png": "ann"}, {"pictures/a.png": "bob"})
    with pytest.raises(NotFound, match="no merge"):
        desk.merges.give_up(DEMO, branch, ANN)
    desk.merges.merge(DEMO, branch, ANN)
    assert desk.merges.give_up(DEMO, branch, ANN).state is MergeState.GIVEN_UP
    desk.merges.answer(DEMO, branch, [Resolution(Choice.THEIRS, glob="**")], ANN)
    assert desk.merges.merge(DEMO, branch, ANN).version is not None


def test_what_cannot_be_merged_is_told(desk: Desk) -> None:
    branch = desk.apart({"pictures/a.png": "ann"}, {"pictures/n.png": "n"})
    with pytest.raises(UnknownRef, match="no version, tag or branch 'nothing'"):
        desk.merges.merge(DEMO, "nothing", ANN)
    with pytest.raises(NotFound, match="has no conflict 'nothing'"):
        desk.merges.answer(DEMO, branch, [Resolution(Choice.OURS, "nothing")], ANN)
    empty = desk.versions.branch(DEMO, "v1.1", "ann", ANN)
    with pytest.raises(BadInput, match="holds nothing new"):
        desk.merges.merge(DEMO, empty.name, ANN)
    desk.merges.merge(DEMO, branch, ANN)
    with pytest.raises(Conflict, match=r"is merged as v1\.2, not open"):
        desk.merges.merge(DEMO, branch, ANN)
