"""Verifying reads all, and says nothing whole that nobody looked at."""

from pathlib import Path

from resources.data.storage.worktree import quiet
from tests.resources.data.auditor import md5_of
from tests.resources.data.collecting.stores import DIGITS, Store


def test_what_a_repaired_list_of_files_names_is_read_too(kept: Store, tmp_path: Path) -> None:
    tree = kept.commit(tmp_path / "a", {"a": b"a", "b": b"b"}).version.tree_md5
    objects = kept.keeper.objects
    objects.trash.mkdir(parents=True, exist_ok=True)
    objects.path(tree).rename(objects.trash / tree)
    objects.path(md5_of(b"b")).unlink()
    found = kept.keeper.verify(DIGITS, None, quiet, mend=True)
    assert (found.damaged, found.repaired) == ((md5_of(b"b"),), (tree,))
    assert found.touched == ("digits v1.0",)
    assert found.objects == 3
    again = kept.keeper.verify(DIGITS, None, quiet)
    assert again.damaged == (md5_of(b"b"),)
