"""Patterns of paths, as people know them from git."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.merging.globs import matches
from resources.errors import BadInput


@pytest.mark.parametrize(
    ("glob", "meant", "not_meant"),
    [
        ("*.csv", ["a.csv", "x/y/a.csv", ".csv"], ["a.csv2", "a.cs"]),
        ("labels", ["labels", "labels/a", "x/labels/y/z"], ["labels2", "xlabels/a"]),
        ("labels/", ["labels/a"], ["labels2/a"]),
        ("/labels", ["labels", "labels/a"], ["x/labels"]),
        ("labels/*.csv", ["labels/a.csv"], ["x/labels/a.csv", "labels/x/a.csv"]),
        ("labels/**", ["labels/a", "labels/x/a.csv"], ["labels", "xlabels/a"]),
        ("**/a.csv", ["a.csv", "x/a.csv", "x/y/a.csv"], ["xa.csv"]),
        ("x/**/a", ["x/a", "x/y/a", "x/y/z/a"], ["xa", "y/x/a"]),
        ("a?c", ["abc", "x/abc"], ["ac", "a/c"]),
        ("[a-c]1", ["a1", "c1"], ["d1", "1"]),
        ("[!a-c]1", ["d1"], ["a1", "/1"]),
        ("a.b+(c)", ["a.b+(c)"], ["aXb+(c)", "a.bb(c)"]),
        ("*", ["a", "a/b", "a\nb"], []),
        ("[", ["["], ["a"]),
        ("[^a]", ["^", "a"], ["b"]),
    ],
)
def test_a_pattern_means_what_it_means_in_git(glob: str, meant: list[str], not_meant: list[str]) -> None:
    assert [path for path in meant if not matches(glob, path)] == []
    assert [path for path in not_meant if matches(glob, path)] == []


@pytest.mark.parametrize("glob", ["", "/", "[z-a]"])
def test_a_pattern_that_means_nothing_is_refused(glob: str) -> None:
    with pytest.raises(BadInput, match="cannot be used"):
        matches(glob, "a")


@given(st.text(alphabet="ab*?[]!-^\\/.&|~(){}+$", max_size=8), st.text(alphabet="ab/-\\", max_size=6))
def test_no_pattern_does_harm(glob: str, path: str) -> None:
    with suppress(BadInput):
        assert matches(glob, path) in (True, False)
