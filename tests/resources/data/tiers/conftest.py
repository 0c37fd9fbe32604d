"""A store with tiers, on each database, whose clock the test sets forward."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resources.data.collecting.service import CollectingService
from resources.data.storage.worktree import quiet
from resources.data.tiers.model import ALL, Rule, Tier
from resources.data.tiers.service import TierService
from resources.data.versions.committing import Wanted
from resources.data.versions.model import Version
from resources.data.versions.service import VersionService
from resources.database.engine import Database
from resources.home import Home
from resources.terms import Actor, DatasetName
from tests.resources.data.auditor import md5_of
from tests.resources.data.folders import read, write

ANN = Actor("user:ann")
DIGITS = DatasetName("digits")
OLD = {"a.txt": b"text " * 5_000, "sub/b.bin": bytes(range(256)) * 40, "shared": b"shared by all"}


class Tiered:
    """A store with a warm and a cold place on the disk."""

    def __init__(self, home: Home, database: Database, place: Path) -> None:
        self.home, self.database, self.place = home, database, place
        self.now = datetime.now(UTC)
        self.versions = VersionService(home, database, self.clock)
        self.tiers = TierService(home, database, self.clock)
        self.keeper = CollectingService(home, database, self.clock)

    def clock(self) -> datetime:
        """What time it is."""
        return self.now

    def pass_days(self, days: float) -> None:
        """Set the clock forward."""
        self.now += timedelta(days=days)

    def with_places(self) -> "Tiered":
        """Give both tiers a place and a rule for all."""
        for tier, days in ((Tier.WARM, 30), (Tier.COLD, 90)):
            self.tiers.set_place(tier, str(self.place / tier.value), ANN)
            self.tiers.set_rule(Rule(ALL, tier, days * 86_400, 0), ANN)
        return self

    def commit(self, files: Mapping[str, bytes], folder: Path) -> Version:
        """Commit exactly these files."""
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        write(folder, files)
        return self.versions.commit(Wanted(DIGITS, folder, "", ANN, "ann")).version

    def given(self, ref: str, target: Path) -> dict[str, bytes]:
        """The files of a version as they are given out."""
        self.versions.restore(DIGITS, ref, target)
        return read(target)

    def is_hot(self, content: bytes) -> bool:
        """Whether a content lies in the store."""
        return self.versions.objects.path(md5_of(content)).exists()

    def damaged(self) -> tuple[str, ...]:
        """What verifying all versions names."""
        return self.keeper.verify(None, None, quiet).damaged

    def packs(self, tier: Tier) -> list[Path]:
        """The files of a tier's packs."""
        return sorted((self.place / tier.value).rglob("*.pack"))

    def tier_of(self, key: str) -> Tier:
        """Where a version is."""
        found = {version: tier for _, version, tier, _ in self.tiers.status().colder}
        return found.get(key, Tier.HOT)


@pytest.fixture
def tiered(any_database: Database, trainplat_home: Path, tmp_path: Path) -> Tiered:
    """An empty store with places and rules: warm after 30 days, cold after 90."""
    return Tiered(Home(trainplat_home), any_database, tmp_path / "places").with_places()


@pytest.fixture
def two(tiered: Tiered, tmp_path: Path) -> Tiered:
    """The same with v1.0 and v1.1, which share one file; 40 days ago."""
    tiered.commit(OLD, tmp_path / "work")
    tiered.commit({"shared": OLD["shared"], "new.txt": b"new " * 5_000}, tmp_path / "work")
    tiered.pass_days(40)
    return tiered
