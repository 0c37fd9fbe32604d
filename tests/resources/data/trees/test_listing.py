"""A tree as DVC's text, and in the form that loads at once."""

import hashlib
import json
import os
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.trees.listing import UNKNOWN, Stamps, Tree, from_bytes, to_bytes, tree_of_text

NAMES = st.binary(min_size=16, max_size=16).map(bytes.hex)
PATHS = st.binary(min_size=1, max_size=12).filter(lambda name: b"\0" not in name).map(os.fsdecode)
NUMBERS = st.integers(-1, 2**62)
TREES = st.dictionaries(PATHS, st.tuples(NAMES, NUMBERS), max_size=20).map(Tree.of)


@given(TREES)
def test_the_text_is_what_json_writes_whatever_bytes_names_have(tree: Tree) -> None:
    listed = [{"md5": name, "relpath": path} for path, name, _ in tree]
    assert tree.text == json.dumps(listed).encode()
    assert tree.md5 == hashlib.md5(tree.text, usedforsecurity=False).hexdigest() + ".dir"
    assert tree.sha256 == hashlib.sha256(tree.text).hexdigest()
    assert tree_of_text(tree.text).files == tree.files
    assert set(tree_of_text(tree.text).sizes) <= {UNKNOWN}


def test_a_text_of_many_files_is_the_same_as_one_made_at_once() -> None:
    tree = Tree.of({f"{number:05}": ("a" * 32, number) for number in range(2500)})
    listed = [{"md5": name, "relpath": path} for path, name, _ in tree]
    assert tree.text == json.dumps(listed).encode()


@given(TREES, st.data())
def test_what_is_kept_is_read_back(tree: Tree, data: st.DataObject) -> None:
    numbers = st.lists(NUMBERS, min_size=len(tree), max_size=len(tree))
    stamps = Stamps(array("q", data.draw(numbers)), array("q", data.draw(numbers)))
    assert from_bytes(to_bytes(tree, stamps)) == (tree, stamps)


@given(TREES, st.data())
def test_what_is_cut_short_or_altered_is_refused(tree: Tree, data: st.DataObject) -> None:
    content = to_bytes(tree, Stamps.unknown(len(tree)))
    place = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(ValueError, match="cut short, or no list"):
        from_bytes(content[:place])
    altered = bytearray(content)
    altered[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match="cut short, or no list"):
        from_bytes(bytes(altered))


@pytest.mark.parametrize("text", [b"{}x", b'[{"relpath": "one"}]', b"[1]", b"\xff"])
def test_a_text_that_is_no_tree_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own words, or ours
        tree_of_text(text)


@given(TREES)
def test_a_path_is_found_where_it_stands_and_nowhere_else(tree: Tree) -> None:
    assert [tree.position(path) for path in tree.paths] == list(range(len(tree)))
    assert tree.position("no such \0 path") is None
    assert tree.size_bytes == sum(size for _, _, size in tree)
