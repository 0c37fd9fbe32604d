"""After any moves, in any order, every version is byte for byte what it was."""

from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resources.data.tiers.model import Tier
from resources.database.engine import Database, sqlite_url
from resources.home import Home
from tests.examples import drawing
from tests.resources.data.tiers.conftest import ANN, DIGITS, Tiered

FILES = st.dictionaries(
    st.sampled_from(["a", "b", "sub/c", "sub/d", "e"]),
    st.one_of(st.binary(max_size=40), st.sampled_from([b"shared " * 900, bytes(70_000), b""])),
    min_size=1,
)
MOVES = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(list(Tier))), min_size=3, max_size=4)
HOMES = count()


@pytest.mark.uncounted
@drawing(0.1)
@given(trees=st.lists(FILES, min_size=3, max_size=3, unique_by=repr), moves=MOVES)
@example(  # an empty file and the next one begin at the same place of a pack
    trees=[{"a": b"", "b": b"\x01"}, {"a": b"\x00"}, {"a": b"\x00\x00"}],
    moves=[(0, Tier.HOT), (0, Tier.WARM), (0, Tier.COLD)],
)
def test_recall_after_any_moves_is_byte_identical(
    trees: list[dict[str, bytes]],
    moves: list[tuple[int, Tier]],
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_at_head: Path,
) -> None:
    place = tmp_path_factory.mktemp("law")
    (place / "home").mkdir()
    (place / "home" / "trainplat.db").write_bytes(sqlite_at_head.read_bytes())
    database = Database(sqlite_url(place / "home" / "trainplat.db"))
    tiered = Tiered(Home(place / "home"), database, place / "places").with_places()
    tiered.now = datetime.now(UTC)
    keys = [tiered.commit(files, place / "work").key for files in trees]
    for number, tier in moves:
        tiered.tiers.pin(DIGITS, keys[number], tier, ANN)
        tiered.tiers.apply(ANN)
        assert tiered.tier_of(keys[number]) is tier
    tiered.keeper.collect(ANN)
    assert tiered.damaged() == ()
    for key, files in zip(keys, trees, strict=True):
        assert tiered.given(key, place / f"given-{next(HOMES)}") == files
    assert tiered.damaged() == ()
    database.close()
