"""Which versions move, and why: the pure plan."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from resources.data.tiers.model import ALL, Rule, Tier
from resources.data.tiers.plan import Content, Held, Plan, homes, plan
from resources.data.tiers.prices import GIB, TierPrices
from resources.errors import BadInput
from resources.terms import DatasetName, VersionKey

NOW = datetime(2026, 11, 27, tzinfo=UTC)
DAY_S = 86_400
RULES = [Rule(ALL, Tier.WARM, 30 * DAY_S, 0), Rule(ALL, Tier.COLD, 90 * DAY_S, 180 * DAY_S)]
PLACES = {Tier.WARM, Tier.COLD}
PRICES = TierPrices("EUR", {Tier.HOT: Decimal("0.10"), Tier.WARM: Decimal("0.02")})


def held(name: str, age_days: float, used_days: float | None = None) -> Held:
    used = None if used_days is None else NOW - timedelta(days=used_days)
    return Held(
        DatasetName("digits"),
        VersionKey(name),
        f"{name}.dir",
        Tier.HOT,
        NOW - timedelta(days=age_days),
        used,
    )


def content(**objects: list[str]) -> Content:
    """Trees by version, each object a GiB, all of them hot."""
    return Content(
        {f"{name}.dir": names for name, names in objects.items()},
        {name: GIB for names in objects.values() for name in names},
    )


def planned(*versions: Held, of: Content | None = None) -> Plan:
    found = of or content(**{one.key: [f"object of {one.key}"] for one in versions})
    return plan(versions, RULES, PLACES, found, PRICES, NOW)


@pytest.mark.parametrize(
    ("version", "tier", "number"),
    [
        (replace(held("a", 400), pin=Tier.COLD, used_by="run 7"), Tier.COLD, 1),
        (replace(held("a", 400), used_by="run 7"), Tier.HOT, 2),
        (replace(held("a", 400), used_by="run 7", tier=Tier.COLD), Tier.HOT, 2),
        (replace(held("a", 400), is_newest=True), Tier.HOT, 3),
        (held("a", 400), Tier.COLD, 4),
        (held("a", 120), Tier.WARM, 5),  # unused for long enough, and too young for cold
        (held("a", 400, used_days=40), Tier.WARM, 5),
        (held("a", 400, used_days=2), Tier.HOT, 6),
        (replace(held("a", 120), tier=Tier.COLD), Tier.COLD, 5),  # no rule makes it warmer
        (held("a", 29.9), Tier.HOT, 6),
        (held("a", 30), Tier.WARM, 5),
    ],
)
def test_the_first_rule_that_holds_decides(version: Held, tier: Tier, number: int) -> None:
    [found] = planned(version).decisions
    assert (found.tier, found.number) == (tier, number)


def test_a_rule_of_a_data_set_stands_before_the_one_for_all() -> None:
    version = held("a", 400, used_days=40)
    rules = [*RULES, Rule("digits", Tier.WARM, 50 * DAY_S, 0)]
    [found] = plan([version], rules, PLACES, content(a=["x"]), None, NOW).decisions
    assert found.tier is Tier.HOT


def test_a_tier_without_a_place_takes_nothing() -> None:
    [found] = plan([held("a", 400)], RULES, set(), content(a=["x"]), None, NOW).decisions
    assert (found.tier, found.reason) == (Tier.HOT, "cold has no place yet")


def test_what_would_free_nothing_stays() -> None:
    shared = content(a=["x"], b=["x", "y"])
    found = planned(held("a", 400), held("b", 1), of=shared)
    assert [(one.tier, one.number) for one in found.decisions] == [(Tier.HOT, 7), (Tier.HOT, 6)]
    tied = replace(content(a=["x"]), tied={"x"})
    assert planned(held("a", 400), of=tied).moves == ()


def test_versions_that_share_all_move_together() -> None:
    found = planned(held("a", 400), held("b", 400), of=content(a=["x"], b=["x"]))
    assert [one.tier for one in found.decisions] == [Tier.COLD, Tier.COLD]


def test_an_object_lies_where_the_hottest_of_its_versions_does() -> None:
    found = homes([("a.dir", Tier.COLD), ("b.dir", Tier.WARM)], content(a=["x", "y"], b=["y", "z"]))
    assert found == {"x": Tier.COLD, "y": Tier.WARM, "z": Tier.WARM}


def test_costs_are_told_now_and_then() -> None:
    found = planned(held("a", 100), held("b", 1), of=replace(content(a=["x"], b=["y"]), ratio=0.5))
    hot, warm, cold = found.weights
    assert (hot.bytes_now, hot.bytes_after, hot.monthly_now, hot.monthly_after) == (
        2 * GIB,
        GIB,
        Decimal("0.20"),
        Decimal("0.10"),
    )
    assert (warm.bytes_now, warm.bytes_after, warm.monthly_after) == (0, GIB // 2, Decimal("0.01"))
    assert (cold.monthly_now, cold.monthly_after) == (None, None)
    assert found.saves_monthly == Decimal("0.09")
    assert planned(held("a", 1)).saves_monthly == 0
    assert plan([held("a", 1)], [], set(), content(a=["x"]), None, NOW).saves_monthly is None


def test_no_rule_leads_to_the_hot_tier() -> None:
    with pytest.raises(BadInput, match="hot"):
        Rule(ALL, Tier.HOT, 1, 0)
