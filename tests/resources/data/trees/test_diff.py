"""What is different between two trees."""

from hypothesis import given
from hypothesis import strategies as st

from resources.data.trees.diff import Change, Kind, diff
from resources.data.trees.listing import Tree

A, B = "a" * 32, "b" * 32
TREES = st.dictionaries(
    st.sampled_from(["one", "two", "deep/one", "deep/er/two", "deep"]),
    st.tuples(st.sampled_from([A, B]), st.integers(0, 9)),
).map(Tree.of)


def test_each_kind_of_change_is_told_with_both_sides_by_path() -> None:
    before = Tree.of({"same": (A, 1), "changed": (A, 1), "gone": (A, 3)})
    after = Tree.of({"same": (A, 1), "changed": (B, 2), "came": (B, 4)})
    assert diff(before, after) == [
        Change("came", Kind.ADDED, None, B, 0, 4),
        Change("changed", Kind.CHANGED, A, B, 1, 2),
        Change("gone", Kind.REMOVED, A, None, 3, 0),
    ]


@given(TREES)
def test_a_tree_is_not_different_from_itself(tree: Tree) -> None:
    assert diff(tree, tree) == []


@given(TREES, TREES)
def test_the_changes_lead_from_one_tree_to_the_other_and_back(before: Tree, after: Tree) -> None:
    files = before.files
    for change in diff(before, after):
        assert files.get(change.path) == change.before
        assert change.before != change.after
        if change.after is None:
            del files[change.path]
        else:
            files[change.path] = change.after
    assert files == after.files
    there, back = diff(before, after), diff(after, before)
    assert [(one.path, one.before, one.after) for one in there] == [
        (one.path, one.after, one.before) for one in back
    ]
