"""Tiers for everyone above: say where they lie and what goes there, plan, apply, recall, pin, look."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from resources.clock import Clock, utc_now
from resources.data.storage.listings import read_listing
from resources.data.storage.worktree import Progress, quiet
from resources.data.tiers import pack_rows, store
from resources.data.tiers.keeping import Keeper
from resources.data.tiers.model import ALL, Pack, Rule, Tier, TierPin, TierPlace, checked_place
from resources.data.tiers.moving import Applied, Mover
from resources.data.tiers.plan import Plan
from resources.data.tiers.prices import read_tier_prices
from resources.data.tiers.recalling import lacking, recall, recalling_store
from resources.data.tiers.shelf import MARK, Shelf
from resources.data.versions import store as version_store
from resources.data.versions.audit import audit
from resources.data.versions.errors import DamagedVersion, UnknownDataset
from resources.data.versions.handing import refuse_unusable
from resources.data.versions.model import Version
from resources.data.versions.refs import resolve
from resources.database.engine import Database
from resources.database.plain import Plain
from resources.errors import BadInput, Conflict, NotFound, TrainplatError
from resources.home import Home
from resources.terms import Actor, DatasetName


@dataclass(frozen=True)
class TierStanding:
    """What one tier is, holds and costs."""

    tier: Tier
    place: TierPlace | None
    """None for the hot tier, and for one that has none yet."""
    versions: int
    packs: int
    size_bytes: int
    monthly: Decimal | None
    """What it costs each month; None without a price."""
    currency: str | None


@dataclass(frozen=True)
class TierStatus:
    """How things are now."""

    tiers: tuple[TierStanding, ...]
    rules: tuple[Rule, ...]
    pins: tuple[TierPin, ...]
    colder: tuple[tuple[str, str, Tier, datetime | None], ...]
    """Versions that are not hot: data set, key, tier, last use."""


class TierService:
    """The tiers of one home."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.home, self.database, self.clock = home, database, clock
        self.objects = recalling_store(home.data / ".cache", lambda: database)

    def set_place(
        self, tier: Tier, url: str, actor: Actor, *, endpoint: str | None = None, profile: str | None = None
    ) -> TierPlace:
        """Say where a tier's packs lie, after a look whether it can be used. Run again, it goes on.

        Raises Conflict where its packs lie at another address, where the place is another tier's, be it of
        another home, and what a place raises.
        """
        now = self.clock()
        place = TierPlace(tier, checked_place(tier, url, endpoint), endpoint, profile, actor, now)
        with self.database.read_plainly() as rows:
            before = _refuse_left(rows, place)
        if before is not None and before.url == place.url:
            place = replace(place, set_at=before.set_at)  # what was said there holds
        shelf = Shelf(place)
        self._refuse_others(shelf, tier)
        shelf.check()
        with self.database.write_plainly() as rows:
            _refuse_left(rows, place)
            store.set_place(rows, place)
            audit(rows, now, actor, "data.set_tier", tier.value, place.url)
        shelf.claim()  # after its row: a claim that nobody knows would keep the place from everyone
        if before is not None and before.url != place.url:
            with suppress(TrainplatError):  # it was never used
                Shelf(before).leave()
        return place

    def set_rule(self, rule: Rule, actor: Actor) -> None:
        """Write a rule down. Raises UnknownDataset."""
        with self.database.write_plainly() as rows:
            self._refuse_unknown(rows, rule.dataset)
            store.set_rule(rows, rule)
            detail = f"{rule.tier.value} after {rule.unused_s} s without use, {rule.age_s} s of age"
            audit(rows, self.clock(), actor, "data.set_tier_rule", rule.dataset, detail)

    def drop_rule(self, dataset: str, tier: Tier, actor: Actor) -> None:
        """Forget a rule. Raises NotFound."""
        with self.database.write_plainly() as rows:
            if not store.drop_rule(rows, dataset, tier):
                raise NotFound(
                    f"there is no rule of {'all data sets' if dataset == ALL else dataset} for {tier.value}",
                    "`trainplat data tier status` lists the rules.",
                )
            audit(rows, self.clock(), actor, "data.drop_tier_rule", dataset, tier.value)

    def pin(self, dataset: DatasetName, ref: str, tier: Tier, actor: Actor) -> TierPin:
        """Keep a version in a tier; the next :meth:`apply` brings it there. Raises BadInput."""
        now = self.clock()
        with self.database.write_plainly() as rows:
            version = resolve(rows, dataset, ref)
            refuse_unusable(version)
            if tier is not Tier.HOT and tier not in store.places(rows):
                raise BadInput(
                    f"the {tier.value} tier has no place yet",
                    f"Say where it lies: trainplat data tier set {tier.value} URL.",
                )
            pin = TierPin(dataset, version.key, tier, actor, now)
            store.set_pin(rows, pin)
            audit(rows, now, actor, "data.pin_tier", f"{dataset} {version.key}", tier.value)
        return pin

    def unpin(self, dataset: DatasetName, ref: str, actor: Actor) -> None:
        """Let a version go where the rules say. Raises NotFound."""
        with self.database.write_plainly() as rows:
            version = resolve(rows, dataset, ref)
            if not store.drop_pin(rows, dataset, version.key):
                raise NotFound(
                    f"{dataset} {version.key} is not pinned to a tier",
                    "`trainplat data tier status` lists the pins.",
                )
            audit(rows, self.clock(), actor, "data.unpin_tier", f"{dataset} {version.key}", "")

    def plan(self) -> Plan:
        """What would be moved now, why, and what that saves. Changes nothing."""
        return self._mover().plan()

    def apply(self, actor: Actor, progress: Progress = quiet) -> Applied:
        """Move it. Can be killed at any moment and run again."""
        return self._mover().apply(actor, progress)

    def recall(
        self, dataset: DatasetName, ref: str, actor: Actor, progress: Progress = quiet
    ) -> tuple[Version, int]:
        """Bring a version back into the store; how many objects came. Raises :class:`DamagedVersion`."""
        now = self.clock()
        with self.database.write_plainly() as rows:
            version = resolve(rows, dataset, ref)
            refuse_unusable(version)
            if store.use(rows, dataset, version.key, now):
                audit(rows, now, actor, "data.recall", f"{dataset} {version.key}", "")
        missing = lacking(self.objects, read_listing(self.objects, version.tree_md5)[0].names)
        left = recall(self.database, self.objects, missing, progress)
        if left:
            what = f"{dataset} {version.key}"
            raise DamagedVersion(what, left, [what])
        return version, len(missing)

    def status(self) -> TierStatus:
        """What each tier holds and costs, and the rules."""
        prices = read_tier_prices(self.home.prices_file)
        with self.database.read_plainly() as rows:
            places, tiers, uses = store.places(rows), store.tiers(rows), store.uses(rows)
            packs, rules, pins = pack_rows.packs(rows), store.rules(rows), store.pins(rows)
            known = [
                one for name in version_store.datasets(rows) for one in version_store.versions(rows, name)
            ]
        kept = [one for one in known if one.state.value != "erased"]
        standings = []
        for tier in Tier:
            at = [one for one in packs if one.tier is tier]
            size = self._hot_bytes() if tier is Tier.HOT else sum(one.size_bytes for one in at)
            count = sum(tiers.get((one.dataset, one.key), Tier.HOT) is tier for one in kept)
            monthly = None if prices is None else prices.monthly(tier, size)
            currency = None if prices is None else prices.currency
            standings.append(TierStanding(tier, places.get(tier), count, len(at), size, monthly, currency))
        colder = tuple(
            (one.dataset, one.key, tiers[one.dataset, one.key], uses.get((one.dataset, one.key)))
            for one in kept
            if (one.dataset, one.key) in tiers
        )
        return TierStatus(tuple(standings), tuple(rules), tuple(pins), colder)

    def keeper(self) -> Keeper:
        """Who keeps the packs small and right."""
        return Keeper(self.database, self.objects, self.home.data, self.clock)

    def _refuse_others(self, shelf: Shelf, tier: Tier) -> None:
        """Raise Conflict where another's packs lie: one would take away what the other has."""
        found = shelf.mark_there()
        if found == shelf.mark:
            return
        if found is not None:
            raise Conflict(
                f"{shelf.remote.url} is the place of another tier, of this home or of another: its file "
                f"{MARK} says {found.strip()!r}",
                "Give a place of its own, such as a folder beside it; or remove that file if nobody uses it.",
            )
        with self.database.read_plainly() as rows:
            packs = _packs_at(rows, tier)
        if packs and not any(shelf.has(one) for one in packs):
            raise Conflict(
                f"{len(packs)} packs of the {tier.value} tier are to lie at {shelf.remote.url}, and are not "
                "there",
                "Mount or start what lies there, then run the same thing again.",
            )

    def _mover(self) -> Mover:
        prices = read_tier_prices(self.home.prices_file)
        return Mover(self.database, self.objects, self.home.data, self.clock, prices)

    def _hot_bytes(self) -> int:
        total = 0
        for _, path in self.objects.all():
            try:
                total += path.stat().st_size
            except FileNotFoundError:
                continue
        return total

    def _refuse_unknown(self, rows: Plain, dataset: str) -> None:
        known = version_store.datasets(rows)
        if dataset != ALL and dataset not in known:
            raise UnknownDataset(DatasetName(dataset), known)


def _refuse_left(rows: Plain, place: TierPlace) -> TierPlace | None:
    """The place that a tier has now. Raises Conflict where its packs would be left behind."""
    before = store.places(rows).get(place.tier)
    count = len(_packs_at(rows, place.tier))
    if before is not None and before.url != place.url and count:
        raise Conflict(
            f"{count} packs of the {place.tier.value} tier lie at {before.url}",
            f"Bring them back first: trainplat data tier recall, for what lies in {place.tier.value}; then "
            "trainplat data gc.",
        )
    return before


def _packs_at(rows: Plain, tier: Tier) -> list[Pack]:
    """The packs whose files lie in a tier, those too that are to go."""
    found = (*pack_rows.packs(rows), *pack_rows.packs(rows, pack_rows.GOING))
    return [one for one in found if one.tier is tier]
