"""Whole trees: policy, answers, going on where one stopped, and bytes of any kind."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.merging.merge import merge
from resources.data.merging.model import (
    AUTOMATIC,
    Choice,
    ConflictKind,
    How,
    Mode,
    Outcome,
    Policy,
    PolicyRule,
    Resolution,
    Step,
)
from resources.data.merging.records.rules import USUAL_RULES, AnnotationRule, FileKind
from resources.errors import NotFound
from tests.examples import drawing
from tests.resources.data.merging.records.merging import mirrored, told

Files = dict[str, bytes]


@dataclass
class Store:
    """Objects by MD5, and how often one was asked for."""

    objects: dict[str, bytes] = field(default_factory=dict)
    reads: int = 0

    def tree(self, files: Files) -> dict[str, str]:
        return {path: self.put(content) for path, content in files.items()}

    def put(self, content: bytes) -> str:
        md5 = hashlib.md5(content).hexdigest()  # noqa: S324 - as DVC names objects
        self.objects[md5] = content
        return md5

    def read(self, md5: str) -> bytes:
        self.reads += 1
        return self.objects[md5]


def merged(
    base: Files,
    ours: Files,
    theirs: Files,
    resolutions: Sequence[Resolution] = (),
    policy: Policy = AUTOMATIC,
    rules: tuple[AnnotationRule, ...] = USUAL_RULES,
) -> tuple[Outcome, Files]:
    """The outcome, and the files of the merged tree by content."""
    store = Store()
    trees = (store.tree(base), store.tree(ours), store.tree(theirs))
    outcome = merge(*trees, store.read, policy, resolutions, rules)
    for content in outcome.contents.values():
        store.put(content)
    assert {outcome.merged[path] for path in outcome.contents} == {
        store.put(one) for one in outcome.contents.values()
    }
    return outcome, {path: store.objects[md5] for path, md5 in outcome.merged.items()}


def policy(**modes: Mode) -> Policy:
    return Policy(tuple(PolicyRule(glob.replace("_", "*"), mode) for glob, mode in modes.items()))


LINES = b'{"id": 1, "x": 0}\n{"id": 2, "x": 0}\n'
ONE = LINES.replace(b'1, "x": 0', b'1, "x": 1')
OTHER = LINES.replace(b'1, "x": 0', b'1, "x": 2')
SECOND = LINES.replace(b'2, "x": 0', b'2, "x": 2')

contents = st.sampled_from(
    [
        LINES,
        ONE,
        OTHER,
        SECOND,
        b"",
        b"\x00\xff",
        b"id,x\n1,0\n2,0\n",
        b"id,x\n1,1\n2,0\n",
        b"id,x,y\n1,2\n2,0\n",
        b'id,x\n"1,2\n',
        b'{"images": [{"id": 1, "file_name": "a"}], "annotations": []}',
        b'{"images": [{"id": 2, "file_name": "b"}], "annotations": []}',
        b'{"images": []}',
        b"[[[",
    ]
)
paths = st.sampled_from(["a.jsonl", "b.csv", "c.json", "d.bin", "e", "e/f.csv", "e/g.jsonl", "\udcff.csv"])


@st.composite
def edited(draw: st.DrawFn, base: Files | None = None) -> Files:
    files = dict(base or {})
    for path in draw(st.lists(paths, max_size=5)):
        files.pop(path, None)
        if draw(st.integers(0, 3)):
            files[path] = draw(contents)
    if "e" in files:
        files = {path: content for path, content in files.items() if not path.startswith("e/")}
    return files


@st.composite
def three(draw: st.DrawFn) -> tuple[Files, Files, Files]:
    base = draw(edited())
    return base, draw(edited(base)), draw(edited(base))


@given(three())
@drawing(4)
def test_the_laws_hold_for_any_three_trees(drawn: tuple[Files, Files, Files]) -> None:
    base, ours, theirs = drawn
    one, files = merged(base, ours, theirs)
    other, other_files = merged(base, theirs, ours)
    assert files == other_files, "the order of the sides counts"
    assert told(one.conflicts) == mirrored(other.conflicts)
    assert merged(base, ours, base)[1] == merged(base, base, ours)[1] == ours
    assert merged(base, ours, ours)[1] == ours
    assert one.is_clean == (not one.conflicts)
    assert sum(one.counts.values()) == len(one.steps)
    for conflict in one.conflicts:
        conflict.sentence.encode()
        json.dumps([conflict.path, conflict.record, conflict.field, conflict.ours, conflict.theirs]).encode()


@given(three(), st.sampled_from([Choice.OURS, Choice.THEIRS, Choice.BASE, Choice.DELETE]))
@drawing(4)
def test_with_all_answered_nothing_is_left(drawn: tuple[Files, Files, Files], choice: Choice) -> None:
    outcome, _ = merged(*drawn)
    answers = [Resolution(choice, conflict=conflict.id) for conflict in outcome.conflicts]
    after, files = merged(*drawn, answers)
    assert after.is_clean
    assert not after.unused
    assert {one.conflict.id for one in after.resolved} == {conflict.id for conflict in outcome.conflicts}
    by_glob, by_glob_files = merged(*drawn, [Resolution(choice, glob="**")])
    assert by_glob.is_clean
    assert by_glob_files == files


@given(three())
@drawing(2)
def test_a_merge_goes_on_from_any_answer_to_any_other(drawn: tuple[Files, Files, Files]) -> None:
    """Answered one by one, each time anew, it comes to what all answers at once come to."""
    answers: list[Resolution] = []
    outcome, files = merged(*drawn)
    all_at_once = [Resolution(Choice.THEIRS, conflict=conflict.id) for conflict in outcome.conflicts]
    while outcome.conflicts:
        answers.append(Resolution(Choice.THEIRS, conflict=outcome.conflicts[-1].id))
        left = len(outcome.conflicts)
        outcome, files = merged(*drawn, answers)
        assert len(outcome.conflicts) == left - 1
    assert files == merged(*drawn, all_at_once)[1]


@given(three(), st.sampled_from([Mode.OURS, Mode.THEIRS, Mode.MANUAL]))
@drawing(2)
def test_by_policy_of_a_side_nothing_is_asked_and_a_person_is_asked_about_files_only(
    drawn: tuple[Files, Files, Files], mode: Mode
) -> None:
    _, ours, theirs = drawn
    outcome, files = merged(*drawn, policy=Policy((PolicyRule("**", mode),)))
    if mode is Mode.MANUAL:
        assert all(conflict.record is None and conflict.field is None for conflict in outcome.conflicts)
        assert all("by policy" in conflict.reason for conflict in outcome.conflicts)
        return
    assert outcome.is_clean
    side = ours if mode is Mode.OURS else theirs
    for step in outcome.steps:
        if step.how in (How.POLICY_OURS, How.POLICY_THEIRS):
            assert files.get(step.path) == side.get(step.path)


def test_two_who_labelled_different_samples_are_merged_without_a_question() -> None:
    outcome, files = merged({"a.jsonl": LINES}, {"a.jsonl": ONE}, {"a.jsonl": SECOND})
    assert outcome.is_clean
    assert files == {"a.jsonl": b'{"id": 1, "x": 1}\n{"id": 2, "x": 2}\n'}
    assert outcome.steps == (Step("a.jsonl", How.RECORDS),)
    assert outcome.counts == {How.RECORDS: 1}
    assert outcome.contents.keys() == {"a.jsonl"}


def test_each_path_says_how_it_came_about() -> None:
    base = {"kept": b"0", "ours": b"0", "theirs": b"0", "same": b"0", "open": b"0"}
    ours = {**base, "ours": b"1", "same": b"1", "open": b"1"}
    theirs = {**base, "theirs": b"2", "same": b"1", "open": b"2"}
    outcome, files = merged(base, ours, theirs)
    assert {step.path: step.how for step in outcome.steps} == {
        "open": How.OPEN,
        "ours": How.OURS,
        "same": How.SAME,
        "theirs": How.THEIRS,
    }
    assert files == {"kept": b"0", "ours": b"1", "theirs": b"2", "same": b"1", "open": b"0"}


def test_contents_are_read_only_where_both_changed_an_annotation_file() -> None:
    store = Store()
    base = store.tree({"a.jsonl": LINES, "b.csv": b"id\n", "c.bin": b"0"})
    ours = store.tree({"a.jsonl": ONE, "b.csv": b"id\n1\n", "c.bin": b"1"})
    theirs = store.tree({"a.jsonl": LINES, "b.csv": b"id\n", "c.bin": b"2"})
    merge(base, ours, theirs, store.read)
    assert store.reads == 0
    merge(base, ours, {**theirs, "a.jsonl": store.put(SECOND)}, store.read)
    assert store.reads == 3


def test_what_a_read_raises_goes_on() -> None:
    def read(md5: str) -> bytes:
        raise NotFound(f"no object {md5}", "Pull it.")

    with pytest.raises(NotFound):
        merge({"a.csv": "0"}, {"a.csv": "1"}, {"a.csv": "2"}, read)


def test_a_file_that_is_no_record_file_after_all_is_one_conflict_with_the_reason() -> None:
    outcome, files = merged({"a.jsonl": LINES}, {"a.jsonl": ONE}, {"a.jsonl": b"{"})
    (conflict,) = outcome.conflicts
    assert (conflict.record, conflict.kind) == (None, ConflictKind.BOTH_CHANGED)
    assert conflict.reason == (
        "theirs, line 1: Expecting property name enclosed in double quotes at character 2"
    )
    assert conflict.sentence.endswith(f"({conflict.reason})")
    assert files == {"a.jsonl": LINES}
    deep = b'{"id": 1, "x": ' + b"[" * 900 + b"]" * 900 + b"}\n"
    outcome, _ = merged({"a.jsonl": LINES}, {"a.jsonl": deep}, {"a.jsonl": OTHER})
    assert len(outcome.conflicts) == 1


def test_a_file_that_one_deleted_and_the_other_changed_is_one_conflict() -> None:
    outcome, _ = merged({"a.jsonl": LINES}, {}, {"a.jsonl": ONE})
    assert [(one.kind, one.ours) for one in outcome.conflicts] == [(ConflictKind.DELETED_CHANGED, None)]


def test_a_file_against_a_folder_is_resolved_as_a_whole() -> None:
    base: Files = {"a/x": b"0", "z": b"0"}
    ours = {"a/x": b"0", "a/y": b"1", "z": b"0"}
    theirs = {"a": b"2", "z": b"0"}
    outcome, files = merged(base, ours, theirs)
    (conflict,) = outcome.conflicts
    assert (conflict.path, conflict.kind) == ("a", ConflictKind.FOLDER_AGAINST_FILE)
    assert "ours has a folder here, theirs has a file" in conflict.sentence
    assert files == base
    for choice, wanted in (
        (Choice.OURS, ours),
        (Choice.THEIRS, theirs),
        (Choice.BASE, base),
        (Choice.DELETE, {"z": b"0"}),
    ):
        after, files = merged(base, ours, theirs, [Resolution(choice, conflict=conflict.id)])
        assert files == wanted
        assert after.is_clean
    for mode, wanted in ((Mode.OURS, ours), (Mode.THEIRS, theirs)):
        assert merged(base, ours, theirs, policy=policy(a=mode))[1] == wanted


def test_the_first_rule_of_a_policy_counts() -> None:
    rules = Policy((PolicyRule("*.bin", Mode.OURS), PolicyRule("*", Mode.THEIRS)))
    base, ours, theirs = ({"a.bin": one, "b.txt": one} for one in (b"0", b"1", b"2"))
    outcome, files = merged(base, ours, theirs, policy=rules)
    assert files == {"a.bin": b"1", "b.txt": b"2"}
    assert outcome.counts == {How.POLICY_OURS: 1, How.POLICY_THEIRS: 1}


def test_a_person_may_let_a_file_be_merged_by_record_that_policy_gave_to_them() -> None:
    manual = policy(_=Mode.MANUAL)
    trees = {"a.jsonl": LINES}, {"a.jsonl": ONE}, {"a.jsonl": SECOND}
    (conflict,) = merged(*trees, policy=manual)[0].conflicts
    assert Choice.BOTH in conflict.choices
    assert conflict.reason == "by policy a person decides about *"
    answer = [Resolution(Choice.BOTH, conflict=conflict.id)]
    outcome, files = merged(*trees, answer, policy=manual)
    assert outcome.is_clean
    assert not outcome.unused
    assert files == {"a.jsonl": b'{"id": 1, "x": 1}\n{"id": 2, "x": 2}\n'}
    # Where that is not possible the question comes again, with the reason.
    broken = {"a.jsonl": LINES}, {"a.jsonl": b"{"}, {"a.jsonl": SECOND}
    (conflict,) = merged(*broken, policy=manual)[0].conflicts
    outcome, files = merged(*broken, [Resolution(Choice.BOTH, conflict=conflict.id)], policy=manual)
    assert [one.id for one in outcome.conflicts] == [conflict.id]
    assert "ours, line 1" in outcome.conflicts[0].reason
    assert "it can be answered by ours, theirs" in outcome.unused[0].why
    assert not outcome.resolved
    assert files == {"a.jsonl": LINES}


def test_a_given_object_takes_the_place_of_a_file() -> None:
    trees = {"a": b"0"}, {"a": b"1"}, {"a": b"2"}
    (conflict,) = merged(*trees)[0].conflicts
    md5 = Store().put(b"3")
    store = Store()
    outcome = merge(
        *(store.tree(trees[0]), store.tree(trees[1]), store.tree(trees[2])),
        store.read,
        resolutions=[Resolution(Choice.GIVEN, conflict=conflict.id, value=f" {md5.upper()} ")],
    )
    assert outcome.merged == {"a": md5}
    assert not outcome.contents
    outcome, _ = merged(*trees, [Resolution(Choice.GIVEN, conflict=conflict.id, value="no md5")])
    assert "is no MD5 of an object" in outcome.unused[0].why
    assert outcome.conflicts == (conflict,)


def test_an_answer_is_not_taken_for_another_question() -> None:
    (conflict,) = merged({"a": b"0"}, {"a": b"1"}, {"a": b"2"})[0].conflicts
    answer = Resolution(Choice.OURS, conflict=conflict.id)
    outcome, _ = merged({"a": b"0"}, {"a": b"1"}, {"a": b"3"}, [answer])
    assert len(outcome.conflicts) == 1
    assert [one.resolution for one in outcome.unused] == [answer]
    assert f"there is no conflict {conflict.id} any more" in outcome.unused[0].why


def test_declared_rules_come_in_the_place_of_the_usual_ones() -> None:
    base, ours, theirs = ({"x.labels": one} for one in (LINES, ONE, SECOND))
    assert not merged(base, ours, theirs)[0].is_clean
    rules = (AnnotationRule("*.labels", FileKind.JSONL, ("id",)),)
    assert merged(base, ours, theirs, rules=rules)[0].is_clean
    whole = (AnnotationRule("*.labels", FileKind.WHOLE),)
    assert [one.record for one in merged(base, ours, theirs, rules=whole)[0].conflicts] == [None]


def test_names_of_any_bytes_are_merged_and_shown() -> None:
    outcome, files = merged({"\udcff": b"0"}, {"\udcff": b"1"}, {"\udcff": b"2", "\udcfe/x": b"1"})
    assert files == {"\udcff": b"0", "\udcfe/x": b"1"}
    assert outcome.conflicts[0].path == "\udcff"
    assert outcome.conflicts[0].sentence.startswith("���: both changed it.")
