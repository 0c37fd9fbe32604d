"""The scrub reads all of the store, a part at a time, and mends or names what is damaged."""

import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.collecting import scrubbing
from resources.data.collecting.scrubbing import LEAST_BYTES, MOST_BYTES, PERIOD, slice_bytes
from resources.data.collecting.service import CollectingService
from resources.data.versions.errors import DamagedVersion
from resources.database.audit import recent
from tests.children import fork, leave
from tests.resources.data.auditor import md5_of
from tests.resources.data.collecting.stores import ANN, DIGITS, Store

FILES = {f"{number}": b"content %d" % number for number in range(9)}


def damage(kept: Store, content: bytes) -> str:
    """Change a content behind the store's back; size and times stay as they were."""
    path = kept.keeper.objects.path(md5_of(content))
    status = path.stat()
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.write(b"X")
    path.chmod(0o444)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return md5_of(content)


def test_slices_go_on_where_the_last_one_ended_until_all_was_read(kept: Store, tmp_path: Path) -> None:
    kept.commit(tmp_path / "a", FILES)
    seen, shares = 0, list[float]()
    while not shares or shares[-1] < 1:
        done = kept.keeper.scrub(ANN, 30)
        seen += done.objects
        shares.append(done.done_share)
    assert seen == len(FILES) + 1, "and the tree"
    assert shares == sorted(shares)
    assert len(shares) > 2
    assert (done.is_whole, done.passes) == (True, 1)
    assert kept.keeper.scrub(ANN).passes == 2, "a small store is read at once"


def test_an_empty_store_is_whole(kept: Store) -> None:
    done = kept.keeper.scrub(ANN)
    assert (done.objects, done.is_whole, done.damaged) == (0, True, ())


def test_damage_is_named_with_each_version_that_it_touches(kept: Store, tmp_path: Path) -> None:
    kept.commit(tmp_path / "a", FILES)
    kept.commit(tmp_path / "a", {"0": b"another"})
    kept.commit(tmp_path / "a", {"1": b"another one"})
    name = damage(kept, FILES["1"])
    done = kept.keeper.scrub(ANN)
    assert (done.damaged, done.repaired, done.touched) == ((name,), (), ("digits v1.0", "digits v1.1"))
    (known,) = kept.keeper.damage()
    assert (known.name, known.touched) == (name, ("digits v1.0", "digits v1.1"))
    assert recent(kept.database, 1)[0].action == "data.scrub"


def test_nobody_is_given_what_a_scrub_found_damaged(kept: Store, tmp_path: Path) -> None:
    kept.commit(tmp_path / "a", FILES)
    damage(kept, FILES["1"])
    kept.keeper.scrub(ANN)
    with pytest.raises(DamagedVersion, match="digits"):
        kept.versions.restore(DIGITS, "v1.0", tmp_path / "b")


def test_a_missing_object_is_damage_too_and_a_stray_one_is_not_read(kept: Store, tmp_path: Path) -> None:
    kept.commit(tmp_path / "a", FILES)
    kept.stray(b"nobody's")
    damage(kept, b"nobody's")
    kept.keeper.objects.path(md5_of(FILES["2"])).unlink()
    assert kept.keeper.scrub(ANN).damaged == (md5_of(FILES["2"]),)


def test_damage_is_looked_at_again_each_time_and_forgotten_when_it_is_mended(
    kept: Store, tmp_path: Path
) -> None:
    kept.commit(tmp_path / "a", FILES)
    name = damage(kept, FILES["1"])
    assert kept.keeper.scrub(ANN).damaged == (name,)

    def remote(names: "list[str]") -> list[str]:
        kept.keeper.objects.path(name).unlink()
        kept.keeper.objects.put(FILES["1"])
        return [one for one in names if one != name]

    mending = CollectingService(kept.home, kept.database, remote=lambda names: remote(list(names)))
    done = mending.scrub(ANN, 1)
    assert (done.damaged, done.repaired) == ((), (name,))
    assert kept.keeper.scrub(ANN, 1).repaired == ()
    assert kept.keeper.damage() == []
    kept.versions.restore(DIGITS, "v1.0", tmp_path / "b")
    assert (tmp_path / "b/1").read_bytes() == FILES["1"]


def test_a_lost_list_of_files_is_found_and_keeps_the_scrub_from_nothing_else(
    kept: Store, tmp_path: Path
) -> None:
    tree = kept.commit(tmp_path / "a", FILES).version.tree_md5
    kept.commit(tmp_path / "c", {"only": b"here"}, base="v1.0")
    kept.keeper.objects.path(tree).unlink()
    (kept.cache / "trees" / tree.removesuffix(".dir")).unlink()
    name = damage(kept, b"here")
    done = kept.keeper.scrub(ANN)
    assert set(done.damaged) == {tree, name}
    assert len(done.touched) == 2


def test_a_slice_that_was_killed_is_read_again(
    kept: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.commit(tmp_path / "a", FILES)
    name = damage(kept, FILES["1"])

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    child = fork()
    if child == 0:
        monkeypatch.setattr(scrubbing, "distrust", die)
        try:
            kept.keeper.scrub(ANN)
        finally:
            leave(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert kept.keeper.scrub(ANN).damaged == (name,)


@given(st.integers(0, MOST_BYTES), st.lists(st.integers(1, 100), min_size=1, max_size=30))
def test_in_each_period_the_slices_add_up_to_the_store(stored: int, waits: list[int]) -> None:
    shares = [PERIOD * (wait / sum(waits)) for wait in waits]
    assert sum(slice_bytes(stored, share) for share in shares) >= stored


def test_a_slice_is_bounded_whatever_the_clock_says() -> None:
    assert slice_bytes(10 * MOST_BYTES, timedelta(days=1000)) == MOST_BYTES
    assert slice_bytes(10 * MOST_BYTES, timedelta(days=-1)) == LEAST_BYTES
    assert slice_bytes(0, None) == LEAST_BYTES
