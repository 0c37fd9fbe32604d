"""Where the bytes of versions lie, what that costs, and what the rules would move."""

from collections.abc import Mapping
from dataclasses import dataclass

from resources.data.tiers.model import Rule, Tier, TierPlace
from resources.data.tiers.plan import Decision, Plan
from resources.data.tiers.service import TierService
from resources.database.engine import Database
from resources.home import Home
from resources.terms import DatasetName, VersionKey


@dataclass(frozen=True)
class Tiers:
    """The tiers of a home, as one of its data sets sees them."""

    plan: Plan
    """Of all data sets: they share the tiers."""
    places: Mapping[Tier, TierPlace]
    rules: tuple[Rule, ...]
    lies: Mapping[VersionKey, Tier]
    """The versions of the data set that are not in the store itself."""
    moves: tuple[Decision, ...]
    """What the rules would move of the data set now."""

    @property
    def is_set(self) -> bool:
        """Whether there is a tier beside the store itself."""
        return bool(self.places)


def read_tiers(home: Home, database: Database, dataset: DatasetName) -> Tiers:
    """Look, and work out what would be moved; nothing is changed. Raises BadInput for bad prices."""
    service = TierService(home, database)
    status, plan = service.status(), service.plan()
    return Tiers(
        plan,
        {one.tier: one.place for one in status.tiers if one.place is not None},
        status.rules,
        {VersionKey(key): tier for name, key, tier, _ in status.colder if name == dataset},
        tuple(one for one in plan.moves if one.held.dataset == dataset),
    )
