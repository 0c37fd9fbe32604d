"""``kill -9`` of apply and recall at any moment: each version is whole, and to run it again ends as ever."""

import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resources.data.tiers import packing
from resources.data.tiers.model import Tier
from resources.data.tiers.service import TierService
from resources.home import Home
from tests.resources.data.folders import read
from tests.resources.data.kills.killing import acts_of, points, run_until_killed
from tests.resources.data.tiers.conftest import ANN, DIGITS, Tiered

pytestmark = pytest.mark.uncounted
FEW, MANY = 2, 40
FILES = {f"{number}": bytes([number]) * 700 + bytes(range(number, 240)) for number in range(12)}
NEWER = {"0": FILES["0"], "other": b"other " * 300}


def at(home: Path, days: float = 0) -> Tiered:
    """The store of a home, so many days from now."""
    made = Tiered(Home(home), Home(home).database(), home.parent / "places")
    made.now = datetime.now(UTC) + timedelta(days=days)
    return made


def prepare(home: Path, database: Path) -> Path:
    """Two versions, one of which is to be moved."""
    home.mkdir(parents=True)
    shutil.copyfile(database, home / "trainplat.db")
    store = at(home).with_places()
    store.commit(FILES, home.parent / "work")
    store.commit(NEWER, home.parent / "work")
    return home


def there_and_back(home: Path) -> str:
    """All moves: to warm, to cold, and hot again."""
    at(home, 40).tiers.apply(ANN)
    at(home, 100).tiers.apply(ANN)
    store = at(home, 100)
    store.versions.restore(DIGITS, "v1.0", home.parent / "given")
    store.tiers.apply(ANN)
    return "done"


def check(home: Path) -> None:
    """Each version is whole in some tier."""
    store = at(home, 100)
    assert store.damaged() == ()
    for key, files in (("v1.0", FILES), ("v1.1", NEWER)):
        given = home.parent / "checked"
        store.versions.restore(DIGITS, key, given)
        assert read(given) == files
        shutil.rmtree(given)
    if (home.parent / "given").exists():
        assert read(home.parent / "given") == FILES
        shutil.rmtree(home.parent / "given")


def kill_each(place: Path, database: Path, draw: random.Random, count: int) -> None:
    home = prepare(place / "0" / "home", database)
    _, sites = acts_of(lambda: there_and_back(home))
    check(home)
    for number, point in enumerate(points(draw, sites, count), start=1):
        killed = prepare(place / f"{number}" / "home", database)
        run_until_killed(lambda: there_and_back(killed), point)  # noqa: B023 - it is run at once
        if draw.random() < 0.5:
            check(killed)
        shutil.rmtree(killed.parent / "given", ignore_errors=True)
        there_and_back(killed)
        check(killed)
        service = TierService(Home(killed), Home(killed).database(), at(killed, 100).clock)
        service.apply(ANN)
        assert list((killed.parent / "places").rglob("*.pack")) == [], "a file is left that nobody knows"
        assert service.status().tiers[0].tier is Tier.HOT
        shutil.rmtree(killed.parent)


def test_a_few_kills_of_moves_leave_nothing_wrong(
    tmp_path: Path, sqlite_at_head: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "PACK_BYTES", 2_000)
    kill_each(tmp_path, sqlite_at_head, random.Random(seed), FEW)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_kills_of_moves_leave_nothing_wrong(
    tmp_path: Path, sqlite_at_head: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "PACK_BYTES", 2_000)
    kill_each(tmp_path, sqlite_at_head, random.Random(seed + 1), MANY)
