"""The laws of quotas: projects of one cohort that lend to each other, counted in thousandths of cards."""

from collections.abc import Mapping

from tests.checker.eyes import Eyes
from tests.checker.history import Asked, Event


def quotas_hold(eyes: Eyes, event: Event) -> None:
    """After a grant its project is within its limit, and its cohort uses no more than its members are owed.

    What was granted before a quota was set lower goes on.
    """
    used, asked = eyes.used(), eyes.world.asked[event.run]
    quota = eyes.world.quotas.get(asked.project)
    if quota is None or not asked.units:
        return
    most = None if quota.cohort else quota.nominal
    if quota.cohort and quota.borrowing_limit is not None:
        most = quota.nominal + quota.borrowing_limit
    if most is not None and used[asked.project] > most:
        eyes.say(event, f"{asked.project} uses {used[asked.project]} of at most {most}")
    if quota.cohort:
        members = [name for name, one in eyes.world.quotas.items() if one.cohort == quota.cohort]
        nominal = sum(eyes.world.quotas[one].nominal for one in members)
        if (together := sum(used[one] for one in members)) > nominal:
            eyes.say(event, f"cohort {quota.cohort} uses {together} of {nominal}")


def within_quota(eyes: Eyes, asked: Asked, used: Mapping[str, int]) -> bool:
    """Whether it may have its cards beside what is used."""
    quota = eyes.world.quotas.get(asked.project)
    if quota is None:
        return True
    mine = used.get(asked.project, 0)
    if quota.cohort is None:
        return mine + asked.units <= quota.nominal
    if quota.borrowing_limit is not None and mine + asked.units > quota.nominal + quota.borrowing_limit:
        return False
    return asked.units <= quota.nominal - mine + sum(_to_lend(eyes, asked.project, used))


def is_owed(eyes: Eyes, asked: Asked, used: Mapping[str, int]) -> bool:
    """Whether it stays within what its project is owed."""
    quota = eyes.world.quotas.get(asked.project)
    return quota is None or used.get(asked.project, 0) + asked.units <= quota.nominal


def ever(eyes: Eyes, asked: Asked) -> bool:
    """Whether the quotas allow it when nothing is in use."""
    return within_quota(eyes, asked, {})


def over_limit(eyes: Eyes, asked: Asked, used: Mapping[str, int]) -> bool:
    """Whether it would pass the limit of its project."""
    quota = eyes.world.quotas.get(asked.project)
    if quota is None:
        return False
    limit = quota.borrowing_limit if quota.cohort else 0
    return limit is not None and used.get(asked.project, 0) + asked.units > quota.nominal + limit


def refused_rightly(eyes: Eyes, event: Event) -> None:
    """What could never be given is refused when it is asked, and nothing else is."""
    possible = ever(eyes, eyes.world.asked[event.run])
    if event.what == "refuse" and possible:
        eyes.say(event, f"{event.run} is refused, and its quota would allow it some day")
    if event.what == "submit" and not possible:
        eyes.say(event, f"{event.run} is taken, and its quota never allows it")


def _to_lend(eyes: Eyes, to: str, used: Mapping[str, int]) -> list[int]:
    mine, found = eyes.world.quotas[to].cohort, []
    for name, other in eyes.world.quotas.items():
        if name != to and other.cohort == mine:
            unused = other.nominal - used.get(name, 0)
            found.append(unused if other.lending_limit is None else min(unused, other.lending_limit))
    return found
