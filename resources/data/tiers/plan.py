"""Which versions move to which tier, and what that saves: decided from what is known, without any I/O.

The rules, in their order; the first that holds for a version decides:

1. It is pinned to a tier: it goes there, or stays.
2. Something uses it now, a run or a space: it is hot.
3. It is the newest of its data set's main line or of an open branch: it stays where it is.
4. The rule for cold holds: it has not been used for so long, and is so old. It goes to cold.
5. The rule for warm holds: it goes to warm, unless it is colder already.
6. No rule moves it: it stays where it is.

A rule of its own data set stands before one for all. What would free nothing is not moved, since all its
files are shared with hot versions, or have other names on the disk.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from resources.data.tiers.model import ALL, Rule, Tier
from resources.data.tiers.prices import TierPrices
from resources.terms import DatasetName, VersionKey
from resources.texts import Filled, filled, mark

PINNED, IN_USE, NEWEST, COLD_RULE, WARM_RULE, NO_RULE, NOTHING_FREE = range(1, 8)


@dataclass(frozen=True)
class Held:
    """A version as the plan sees it."""

    dataset: DatasetName
    key: VersionKey
    tree_md5: str
    tier: Tier
    committed_at: datetime
    used_at: datetime | None
    """When it was last given out; None for never, as far as is known."""
    pin: Tier | None = None
    used_by: str | None = None
    """What uses it now, in words."""
    is_newest: bool = False

    @property
    def last_used(self) -> datetime:
        """Its commit counts as a use."""
        return self.committed_at if self.used_at is None else max(self.used_at, self.committed_at)


@dataclass(frozen=True)
class Decision:
    """Where a version is to be, and why."""

    held: Held
    tier: Tier
    number: int
    """Of the rule above."""
    reason: str
    """A :class:`~resources.texts.Filled`, to be said in its reader's language."""
    frees_bytes: int = 0
    """What leaves the tier that it is in now."""

    @property
    def moves(self) -> bool:
        """Whether it is elsewhere now."""
        return self.tier is not self.held.tier


@dataclass(frozen=True)
class Weight:
    """What one tier holds and costs, now and after the plan."""

    tier: Tier
    versions: int
    versions_after: int
    bytes_now: int
    bytes_after: int
    """Of what is not packed yet, what the probes of its objects promise."""
    monthly_now: Decimal | None
    """None where the tier has no price."""
    monthly_after: Decimal | None


@dataclass(frozen=True)
class Plan:
    """What would be moved, and what that saves."""

    decisions: tuple[Decision, ...]
    weights: tuple[Weight, ...]
    currency: str | None

    @property
    def moves(self) -> tuple[Decision, ...]:
        """The versions that would move."""
        return tuple(one for one in self.decisions if one.moves)

    @property
    def saves_monthly(self) -> Decimal | None:
        """What is cheaper each month; None where there are no prices. Below 0 where it costs more."""
        costs = [
            one.monthly_now - one.monthly_after
            for one in self.weights
            if one.monthly_now is not None and one.monthly_after is not None
        ]
        return sum(costs, Decimal(0)) if costs else None


@dataclass(frozen=True)
class Content:
    """What lies where, and what objects weigh."""

    names: Mapping[str, Collection[str]]
    """The objects of each tree."""
    hot: Mapping[str, int]
    """The sizes of the objects that lie in the store now."""
    tied: Collection[str] = ()
    """Of those, the ones that would free nothing: their files have other names, or others need them hot."""
    packed: Mapping[Tier, Mapping[str, int]] = field(default_factory=dict)
    """What objects take in the packs of each tier, but for what is known to be damaged there."""
    pack_bytes: Mapping[Tier, int] = field(default_factory=dict)
    """Of all packs of each tier."""
    ratio: float = 1.0
    """What is left of an object when it is packed, as probes say."""


def plan(
    versions: Sequence[Held],
    rules: Iterable[Rule],
    places: Collection[Tier],
    content: Content,
    prices: TierPrices | None,
    now: datetime,
) -> Plan:
    """Decide for every version. ``places`` are the tiers that have one."""
    by_tier = {(one.dataset, one.tier): one for one in rules}
    decided = [decide(one, by_tier, places, now) for one in versions]
    wanted = homes([(one.held.tree_md5, one.tier) for one in decided], content)
    told = [_with_gain(one, wanted, content) for one in decided]
    after = homes([(one.held.tree_md5, one.tier) for one in told], content)
    return Plan(tuple(told), _weights(told, after, content, prices), prices.currency if prices else None)


def decide(
    held: Held, rules: Mapping[tuple[str, Tier], Rule], places: Collection[Tier], now: datetime
) -> Decision:
    """Where one version is to be, by the rules of this module."""
    if held.pin is not None:
        return Decision(held, held.pin, PINNED, _because(mark("it is pinned to {tier}"), held.pin))
    if held.used_by is not None:
        return Decision(held, Tier.HOT, IN_USE, filled(mark("{what} uses it"), what=held.used_by))
    if held.is_newest:
        return Decision(held, held.tier, NEWEST, filled(mark("it is the newest of its line")))
    for tier, number in ((Tier.COLD, COLD_RULE), (Tier.WARM, WARM_RULE)):
        rule = rules.get((held.dataset, tier)) or rules.get((ALL, tier))
        if rule is None or not _holds(rule, held, now):
            continue
        if tier not in places:
            return Decision(held, held.tier, number, _because(mark("{tier} has no place yet"), tier))
        if tier.warmth < held.tier.warmth:
            days = (now - held.last_used).total_seconds() / 86_400
            reason = filled(mark("nobody used it for {days} days"), days=f"{days:.1f}")
            return Decision(held, tier, number, reason)
        return Decision(held, held.tier, number, _because(mark("it is {tier} already"), held.tier))
    return Decision(held, held.tier, NO_RULE, filled(mark("no rule moves it")))


def homes(trees: Iterable[tuple[str, Tier]], content: Content) -> dict[str, Tier]:
    """The tier of each object: the hottest of the versions that have it. What is tied stays hot."""
    warmest: dict[str, Tier] = {}
    for tree, tier in trees:
        if tree not in warmest or tier.warmth > warmest[tree].warmth:
            warmest[tree] = tier
    found: dict[str, Tier] = {}
    for tree, tier in sorted(warmest.items(), key=lambda one: one[1].warmth):
        found.update(dict.fromkeys(content.names.get(tree, ()), tier))
    return found | {name: Tier.HOT for name in content.tied if name in found}


def _because(template: str, tier: Tier) -> Filled:
    return filled(template, tier=filled(tier.value))


def _holds(rule: Rule, held: Held, now: datetime) -> bool:
    return now - held.last_used >= timedelta(seconds=rule.unused_s) and now - held.committed_at >= timedelta(
        seconds=rule.age_s
    )


def _with_gain(one: Decision, wanted: Mapping[str, Tier], content: Content) -> Decision:
    """The decision with what it frees; a move to a colder tier that frees nothing is none."""
    if one.tier.warmth >= one.held.tier.warmth:
        return one
    now = content.hot if one.held.tier is Tier.HOT else content.packed.get(one.held.tier, {})
    leaves = [
        name
        for name in dict.fromkeys(content.names.get(one.held.tree_md5, ()))
        if name in now and wanted[name] is not one.held.tier
    ]
    if not leaves and one.number != PINNED:
        reason = _because(mark("nothing would be free: all of it is needed in {tier}"), one.held.tier)
        return Decision(one.held, one.held.tier, NOTHING_FREE, reason)
    return Decision(one.held, one.tier, one.number, one.reason, sum(now[name] for name in leaves))


def _weights(
    decided: Sequence[Decision], after: Mapping[str, Tier], content: Content, prices: TierPrices | None
) -> tuple[Weight, ...]:
    versions = Counter(one.held.tier for one in decided)
    versions_after = Counter(one.tier for one in decided)
    sizes = {name: size for held in content.packed.values() for name, size in held.items()}
    arriving: Counter[Tier] = Counter()
    for name, tier in after.items():
        if tier is not Tier.HOT and name not in content.packed.get(tier, {}):
            size = sizes.get(name)
            arriving[tier] += size if size is not None else int(content.hot.get(name, 0) * content.ratio)
    leaving: Counter[Tier] = Counter()
    for name, size in content.hot.items():
        if after.get(name, Tier.HOT) is not Tier.HOT:
            leaving[Tier.HOT] += size
    for tier, held in content.packed.items():
        leaving[tier] += sum(size for name, size in held.items() if after.get(name) is not tier)
    told = []
    for tier in Tier:
        is_hot = tier is Tier.HOT
        before = sum(content.hot.values()) if is_hot else content.pack_bytes.get(tier, 0)
        later = max(0, before - leaving[tier] + arriving[tier])
        costs = (
            (None, None) if prices is None else (prices.monthly(tier, before), prices.monthly(tier, later))
        )
        told.append(Weight(tier, versions[tier], versions_after[tier], before, later, *costs))
    return tuple(told)
