"""Trees: by path, whichever side is ours, with files against folders, and nothing lost."""

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.merging.model import ConflictKind
from resources.data.merging.tree import Clash, PathConflict, TreeMerge, merge_trees
from tests.examples import drawing

Tree = dict[str, str]
MD5S = st.sampled_from(["1", "2", "3"])
PATHS = ["a", "b", "a/a", "a/b", "a/b/c", "a/b/c/d", "b/a", "b/a.txt", "b/a/x", "ab", "é", "\udcff/x"]


def folders(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts)))


def is_tree(tree: Mapping[str, str]) -> bool:
    return not any(folder in tree for path in tree for folder in folders(path))


@st.composite
def trees(draw: st.DrawFn, base: Tree | None = None) -> Tree:
    """A tree; or what somebody made of one: files changed, deleted, added, files made folders and back."""
    tree = dict(base or {})
    for path in draw(st.lists(st.sampled_from(PATHS), max_size=6)):
        if draw(st.integers(0, 3)) == 0:
            for gone in [known for known in tree if known == path or known.startswith(f"{path}/")]:
                del tree[gone]
            continue
        for gone in [known for known in tree if known in folders(path) or known.startswith(f"{path}/")]:
            del tree[gone]
        tree[path] = draw(MD5S)
    assert is_tree(tree)
    return tree


@st.composite
def three(draw: st.DrawFn) -> tuple[Tree, Tree, Tree]:
    base = draw(trees())
    return base, draw(trees(base)), draw(trees(base))


def swapped(merge: TreeMerge) -> TreeMerge:
    return TreeMerge(
        merge.merged,
        merge.theirs_only,
        merge.ours_only,
        merge.same,
        tuple(PathConflict(one.path, one.base, one.theirs, one.ours) for one in merge.conflicts),
        tuple(Clash(one.path, one.base, one.theirs, one.ours) for one in merge.clashes),
    )


def asked_about(merge: TreeMerge, path: str) -> bool:
    clashes = {clash.path for clash in merge.clashes}
    return path in {one.path for one in merge.conflicts} | clashes or any(
        one in clashes for one in folders(path)
    )


@given(three())
@drawing(4)
def test_the_laws_hold_for_any_three_trees(drawn: tuple[Tree, Tree, Tree]) -> None:
    base, ours, theirs = drawn
    merge = merge_trees(base, ours, theirs)
    assert merge == swapped(merge_trees(base, theirs, ours)), "the order of the sides counts"
    assert merge_trees(base, ours, base).merged == merge_trees(base, base, ours).merged == ours
    assert merge_trees(base, ours, ours).merged == ours
    assert is_tree(merge.merged)
    assert base == drawn[0]


@given(three())
@drawing(4)
def test_each_change_of_a_side_is_in_the_result_or_in_a_conflict(drawn: tuple[Tree, Tree, Tree]) -> None:
    base, ours, theirs = drawn
    merge = merge_trees(base, ours, theirs)
    for path in {*base, *ours, *theirs}:
        if asked_about(merge, path):
            assert merge.merged.get(path) == base.get(path), "in conflict it is as in the base"
            continue
        for side in (ours, theirs):
            if side.get(path) != base.get(path):
                assert merge.merged.get(path) == side.get(path)


@given(three())
@drawing(4)
def test_a_conflict_is_asked_only_where_both_sides_did_something(drawn: tuple[Tree, Tree, Tree]) -> None:
    base, ours, theirs = drawn
    merge = merge_trees(base, ours, theirs)
    for one in merge.conflicts:
        assert len({base.get(one.path), ours.get(one.path), theirs.get(one.path)}) >= 2
        assert ours.get(one.path) != base.get(one.path) != theirs.get(one.path)
        assert ours.get(one.path) != theirs.get(one.path)
    for clash in merge.clashes:
        assert (clash.path in clash.ours) != (clash.path in clash.theirs)
        assert clash.ours, clash.theirs
        for side, part in ((base, clash.base), (ours, clash.ours), (theirs, clash.theirs)):
            inside = {path: md5 for path, md5 in side.items() if clash.path in (path, *folders(path))}
            assert part == inside


@given(trees(), st.data())
def test_edits_of_different_files_never_conflict(base: Tree, data: st.DataObject) -> None:
    mine = data.draw(st.sets(st.sampled_from(PATHS)))
    sides = []
    for wanted in (True, False):
        changes = data.draw(trees(base))
        side = {
            path: (changes.get(path, "-") if (path in mine) is wanted else md5) for path, md5 in base.items()
        }
        sides.append({path: md5 for path, md5 in side.items() if md5 != "-"})
    merge = merge_trees(base, *sides)
    assert not merge.conflicts
    assert not merge.clashes


def test_what_both_deleted_is_gone() -> None:
    merge = merge_trees({"a": "1", "b": "1"}, {"b": "1"}, {})
    assert merge.merged == {}
    assert (merge.same, merge.theirs_only, merge.conflicts) == (("a",), ("b",), ())


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "kind"),
    [
        ("1", "2", "3", ConflictKind.BOTH_CHANGED),
        ("1", "2", None, ConflictKind.CHANGED_DELETED),
        ("1", None, "3", ConflictKind.DELETED_CHANGED),
        (None, "2", "3", ConflictKind.BOTH_ADDED),
    ],
)
def test_the_kind_of_a_conflict_says_who_did_what(
    base: str | None, ours: str | None, theirs: str | None, kind: ConflictKind
) -> None:
    versions = ({"x": md5} if md5 else {} for md5 in (base, ours, theirs))
    merge = merge_trees(*versions)
    assert [(one.kind, one.path) for one in merge.conflicts] == [(kind, "x")]
    assert merge.merged.get("x") == base


def clashes(base: Tree, ours: Tree, theirs: Tree) -> list[tuple[str, ConflictKind]]:
    return [(clash.path, clash.kind) for clash in merge_trees(base, ours, theirs).clashes]


def test_a_file_against_a_folder_is_one_conflict_for_all_that_lies_there() -> None:
    base, ours, theirs = {"x": "1"}, {"x": "1", "a": "1"}, {"x": "1", "a/b": "1", "a/c": "1"}
    merge = merge_trees(base, ours, theirs)
    assert merge.clashes == (Clash("a", {}, {"a": "1"}, {"a/b": "1", "a/c": "1"}),)
    assert merge.clashes[0].kind is ConflictKind.FILE_AGAINST_FOLDER
    assert merge.merged == {"x": "1"}
    assert (merge.ours_only, merge.theirs_only) == ((), ())
    assert clashes(base, theirs, ours) == [("a", ConflictKind.FOLDER_AGAINST_FILE)]


def test_a_changed_file_that_the_other_made_a_folder_is_found() -> None:
    merge = merge_trees({"a": "1"}, {"a": "2"}, {"a/b": "1"})
    assert [clash.path for clash in merge.clashes] == ["a"]
    assert not merge.conflicts
    assert merge.merged == {"a": "1"}


def test_a_folder_that_the_other_made_a_file_clashes_only_where_something_was_done_in_it() -> None:
    base = {"a/x": "1", "a/y": "1"}
    assert merge_trees(base, base, {"a": "1"}).merged == {"a": "1"}
    assert clashes(base, {**base, "a/x": "2"}, {"a": "1"}) == [("a", ConflictKind.FOLDER_AGAINST_FILE)]
    assert clashes(base, {**base, "a/z": "2"}, {"a": "1"}) == [("a", ConflictKind.FOLDER_AGAINST_FILE)]
    assert clashes(base, {"a/x": "1"}, {"a": "1"}) == []


def test_of_clashes_within_each_other_the_topmost_is_asked() -> None:
    assert clashes({}, {"a": "1"}, {"a/b/c": "1", "a/d": "2"}) == [("a", ConflictKind.FILE_AGAINST_FOLDER)]
    both = clashes({"a/b": "1", "q": "1"}, {"a/b": "2", "q/r/s": "1"}, {"a": "1", "q/r": "1"})
    assert both == [("a", ConflictKind.FOLDER_AGAINST_FILE), ("q/r", ConflictKind.FOLDER_AGAINST_FILE)]


def test_a_file_beside_a_folder_of_a_like_name_is_none_of_its_business() -> None:
    assert clashes({}, {"a": "1"}, {"ab/c": "1", "a.txt": "1"}) == []
