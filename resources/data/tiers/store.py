"""The rows of tiers, their rules and pins. Every function works inside the caller's transaction."""

from datetime import datetime, timedelta

from resources.data.tiers.model import Rule, Tier, TierPin, TierPlace
from resources.database.plain import Plain, moment
from resources.terms import Actor, DatasetName, VersionKey

USE_IS_NEW_AFTER = timedelta(hours=1)
"""The last use of a version is written down at most so often."""


def places(rows: Plain) -> dict[Tier, TierPlace]:
    """Where the tiers lie that have a place."""
    found = rows.rows("SELECT tier, url, endpoint, profile, set_by, set_at FROM data_tiers")
    told = [TierPlace(Tier(row[0]), row[1], row[2], row[3], Actor(row[4]), moment(row[5])) for row in found]
    return {one.tier: one for one in told}


def set_place(rows: Plain, place: TierPlace) -> None:
    """Say where a tier lies."""
    rows.run("DELETE FROM data_tiers WHERE tier = :tier", tier=place.tier.value)
    rows.run(
        "INSERT INTO data_tiers (tier, url, endpoint, profile, set_by, set_at) "
        "VALUES (:tier, :url, :endpoint, :profile, :set_by, :set_at)",
        **vars(place) | {"tier": place.tier.value},
    )


def rules(rows: Plain) -> list[Rule]:
    """All rules."""
    found = rows.rows("SELECT dataset, tier, unused_s, age_s FROM data_tier_rules ORDER BY dataset, tier")
    return [Rule(row[0], Tier(row[1]), row[2], row[3]) for row in found]


def set_rule(rows: Plain, rule: Rule) -> None:
    """Write a rule down, in place of the one of the same data set and tier."""
    drop_rule(rows, rule.dataset, rule.tier)
    rows.run(
        "INSERT INTO data_tier_rules (dataset, tier, unused_s, age_s) "
        "VALUES (:dataset, :tier, :unused_s, :age_s)",
        **vars(rule) | {"tier": rule.tier.value},
    )


def drop_rule(rows: Plain, dataset: str, tier: Tier) -> bool:
    """Forget a rule. False where there was none."""
    return bool(
        rows.run(
            "DELETE FROM data_tier_rules WHERE dataset = :dataset AND tier = :tier",
            dataset=dataset,
            tier=tier.value,
        )
    )


def pins(rows: Plain) -> list[TierPin]:
    """All pins."""
    found = rows.rows("SELECT dataset, key, tier, said_by, said_at FROM data_tier_pins ORDER BY dataset, key")
    return [
        TierPin(DatasetName(row[0]), VersionKey(row[1]), Tier(row[2]), Actor(row[3]), moment(row[4]))
        for row in found
    ]


def set_pin(rows: Plain, pin: TierPin) -> None:
    """Pin a version to a tier, in place of another pin."""
    drop_pin(rows, pin.dataset, pin.key)
    rows.run(
        "INSERT INTO data_tier_pins (dataset, key, tier, said_by, said_at) "
        "VALUES (:dataset, :key, :tier, :said_by, :said_at)",
        **vars(pin) | {"tier": pin.tier.value},
    )


def drop_pin(rows: Plain, dataset: DatasetName, key: VersionKey) -> bool:
    """Let a version go where the rules say. False where it was not pinned."""
    return bool(
        rows.run(
            "DELETE FROM data_tier_pins WHERE dataset = :dataset AND key = :key", dataset=dataset, key=key
        )
    )


def tiers(rows: Plain) -> dict[tuple[DatasetName, VersionKey], Tier]:
    """The tiers of all versions that are not hot."""
    found = rows.rows("SELECT dataset, key, tier FROM data_version_tiers")
    return {(DatasetName(row[0]), VersionKey(row[1])): Tier(row[2]) for row in found}


def set_tier(rows: Plain, dataset: DatasetName, key: VersionKey, tier: Tier, now: datetime) -> bool:
    """Say in which tier a version is to be. False where it is there already."""
    before = rows.rows(
        "SELECT tier FROM data_version_tiers WHERE dataset = :dataset AND key = :key",
        dataset=dataset,
        key=key,
    )
    if (before[0][0] if before else Tier.HOT) == tier:
        return False
    rows.run(
        "DELETE FROM data_version_tiers WHERE dataset = :dataset AND key = :key", dataset=dataset, key=key
    )
    if tier is not Tier.HOT:
        rows.run(
            "INSERT INTO data_version_tiers (dataset, key, tier, since) VALUES (:dataset, :key, :tier, :now)",
            dataset=dataset,
            key=key,
            tier=tier.value,
            now=now,
        )
    return True


def colder_trees(rows: Plain) -> set[str]:
    """The trees of versions that are not hot, and of no version that is."""
    found = rows.rows(
        "SELECT v.tree_md5, t.tier FROM data_versions v "
        "LEFT JOIN data_version_tiers t ON t.dataset = v.dataset AND t.key = v.key "
        "WHERE v.state <> 'erased'"
    )
    hot = {tree for tree, tier in found if tier is None}
    return {tree for tree, tier in found if tier is not None} - hot


def use(rows: Plain, dataset: DatasetName, key: VersionKey, now: datetime) -> bool:
    """Write down that a version is used now; whether it was not hot, and has to be brought back.

    From now on it counts as hot: nobody takes away again what is brought back.
    """
    is_known = rows.run(
        "UPDATE data_uses SET used_at = :now WHERE dataset = :dataset AND key = :key AND used_at < :before",
        dataset=dataset,
        key=key,
        now=now,
        before=now - USE_IS_NEW_AFTER,
    )
    if not is_known:
        rows.run(
            "INSERT INTO data_uses (dataset, key, used_at) VALUES (:dataset, :key, :now) "
            "ON CONFLICT (dataset, key) DO NOTHING",
            dataset=dataset,
            key=key,
            now=now,
        )
    return bool(
        rows.run(
            "DELETE FROM data_version_tiers WHERE dataset = :dataset AND key = :key",
            dataset=dataset,
            key=key,
        )
    )


def uses(rows: Plain) -> dict[tuple[DatasetName, VersionKey], datetime]:
    """When each version was last used, as far as that is known."""
    found = rows.rows("SELECT dataset, key, used_at FROM data_uses")
    return {(DatasetName(row[0]), VersionKey(row[1])): moment(row[2]) for row in found}
