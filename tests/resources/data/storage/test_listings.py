"""Listings are a cache: what is lost or damaged of them is made again from DVC's text."""

from pathlib import Path

import pytest

from resources.data.storage.listings import drop_listing, read_listing, with_sizes, write_listing
from resources.data.storage.objects import DamagedObject, ObjectStore
from resources.data.trees.listing import UNKNOWN, Stamps, Tree


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    """A store with two objects."""
    made = ObjectStore(tmp_path / "cache")
    made.put(b"one")
    made.put(b"twotwo")
    return made


@pytest.fixture
def tree(store: ObjectStore) -> Tree:
    """A tree of them, whose text is an object too."""
    one, two = store.put(b"one"), store.put(b"twotwo")
    made = Tree.of({"a": (one.md5, one.size_bytes), "b/c": (two.md5, two.size_bytes)})
    store.put(made.text, suffix=".dir")
    return made


def _file(store: ObjectStore, tree: Tree) -> Path:
    return store.cache / "trees" / tree.md5.removesuffix(".dir")


def test_what_is_written_is_read_with_its_stamps(store: ObjectStore, tree: Tree) -> None:
    stamps = Stamps.unknown(2)
    stamps.inodes[0], stamps.mtimes_ns[1] = 7, 8
    write_listing(store, tree, stamps)
    assert read_listing(store, tree.md5) == (tree, stamps)
    assert list(store.cache.glob("drafts/*")) == []


@pytest.mark.parametrize("cut_to", [None, 0, 10, -1])
def test_one_that_is_missing_or_cut_short_is_made_again_and_trusts_nothing(
    cut_to: int | None, store: ObjectStore, tree: Tree
) -> None:
    write_listing(store, tree, Stamps(tree.sizes, tree.sizes))
    if cut_to is None:
        drop_listing(store, tree.md5)
    else:
        _file(store, tree).write_bytes(_file(store, tree).read_bytes()[:cut_to])
    assert read_listing(store, tree.md5) == (tree, Stamps.unknown(2))


def test_without_a_listing_and_a_text_the_tree_is_lost(store: ObjectStore, tree: Tree) -> None:
    store.path(tree.md5).unlink()
    with pytest.raises(DamagedObject, match="is missing"):
        read_listing(store, tree.md5)
    drop_listing(store, tree.md5)  # one that is not there is forgotten, too


def test_the_size_of_a_lost_object_is_unknown(store: ObjectStore, tree: Tree) -> None:
    store.path(tree.names[0]).unlink()
    assert list(with_sizes(store, tree).sizes) == [UNKNOWN, 6]
