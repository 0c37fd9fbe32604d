"""The laws of reasons: the rule that a decision names says what is so."""

from collections.abc import Callable, Mapping

from tests.checker.eyes import Eyes
from tests.checker.history import Event, Place
from tests.checker.places import cards_free, has_place
from tests.checker.quotas import is_owed, over_limit, within_quota


def true_of_grant(eyes: Eyes, event: Event) -> None:
    """A1 to A5. Look at it before it is noted."""
    asked, rule = eyes.world.asked[event.run], event.rule
    asks_nothing = not (asked.devices or asked.cpu_milli or asked.memory_mib)
    if (rule == "A1") != asks_nothing:
        eyes.say(event, f"{event.run} is granted by {rule} and asks for {asked.devices} cards")
    if rule == "A4" and tuple(sorted(event.places)) != tuple(sorted(eyes.kept.get(event.run, ()))):
        eyes.say(event, f"{event.run} is granted {event.places}, which was not kept for it")
    if rule == "A4" and any(one.stopped_for == event.run for one in eyes.live.values()):
        eyes.say(event, f"{event.run} is granted what others still free for it")
    if rule == "A5":
        _in_its_reservation(eyes, event)
    if rule in ("A2", "A3") and not eyes.unlucky & eyes.waiting:
        owed = is_owed(eyes, asked, eyes.used_as_planned())
        if owed != (rule == "A2"):
            eyes.say(event, f"{event.run} is granted by {rule}; owed to {asked.project}: {owed}")
    if asked.units and not within_quota(eyes, asked, eyes.used()):
        eyes.say(event, f"{event.run} is granted what the quota of {asked.project} does not allow")
    if asked.project in eyes.spent and rule != "A1":
        eyes.say(event, f"{event.run} is granted, and the budget of {asked.project} is used up")


def true_of_wait(eyes: Eyes, event: Event) -> None:
    """The reasons for which a run waits. Look at it before the next decision."""
    asked, rule = eyes.world.asked[event.run], event.rule
    closed = _closed(eyes, event.run)
    live = eyes.live
    if not (asked.devices or asked.cpu_milli or asked.memory_mib):
        eyes.say(event, f"{event.run} asks for nothing and waits")
    usable = cards_free(eyes, asked, {}, set())
    wrong = {
        "W1": lambda: cards_free(eyes, asked, live, closed) >= asked.devices or usable < asked.devices,
        "W3": lambda: not (eyes.saved or eyes.reserved) or not has_place(eyes, asked, live, set()),
        "W4": lambda: event.run not in eyes.kept and not _others_go(eyes),
        "W5": lambda: usable >= asked.devices,
        "W6": lambda: (
            cards_free(eyes, asked, live, set()) < asked.devices
            or has_place(eyes, asked, live, closed, anywhere=True, cards_only=True)
        ),
        "W7": lambda: (
            not has_place(eyes, asked, live, set(), anywhere=True, cards_only=True)
            or has_place(eyes, asked, live, closed, anywhere=True)
        ),
        "W8": lambda: (
            not has_place(eyes, asked, live, set(), anywhere=True) or has_place(eyes, asked, live, closed)
        ),
        "Q4": lambda: not _whenever(eyes, lambda used: over_limit(eyes, asked, used)),
        "Q5": lambda: (
            not _whenever(
                eyes, lambda used: not within_quota(eyes, asked, used) and not is_owed(eyes, asked, used)
            )
        ),
        "Q6": lambda: (
            not _whenever(
                eyes, lambda used: not within_quota(eyes, asked, used) and is_owed(eyes, asked, used)
            )
        ),
        "B1": lambda: asked.project not in eyes.spent,
    }.get(rule)
    if event.run in eyes.kept and rule != "W4":
        eyes.say(event, f"{event.run} waits by {rule}, and others make room for it")
    if wrong is None:
        eyes.say(event, f"{event.run} waits by {rule}, which is no reason to wait")
    elif wrong():
        eyes.say(event, f"{event.run} waits by {rule}, which is not so")


def _closed(eyes: Eyes, run: str) -> set[Place]:
    closed = {place for owner, places in eyes.kept.items() if owner != run for place in places}
    return closed | eyes.saved_places | {place for one in eyes.reserved.values() for place in one.places}


def _others_go(eyes: Eyes) -> bool:
    return any(one.stopped_for is not None for one in eyes.live.values())


def _whenever(eyes: Eyes, so: Callable[[Mapping[str, int]], bool]) -> bool:
    """By what is used now, or will be once those that make room are gone."""
    both = {name: max(eyes.used()[name], eyes.used_as_planned()[name]) for name in eyes.world.quotas}
    return so(eyes.used()) or so(eyes.used_as_planned()) or so(both) or so(_beside(eyes))


def _beside(eyes: Eyes) -> dict[str, int]:
    """Those that make room, and those for whom they do so, all at once."""
    used = dict(eyes.used())
    for run in eyes.kept:
        if run in eyes.waiting:
            asked = eyes.world.asked[run]
            used[asked.project] = used.get(asked.project, 0) + asked.units
    return used


def _in_its_reservation(eyes: Eyes, event: Event) -> None:
    asked = eyes.world.asked[event.run]
    for one in eyes.reserved.values():
        begun = (one.starts_at_s or 0) <= event.at_s < (one.ends_at_s or 0)
        if begun and one.project == asked.project and set(event.places) <= set(one.places):
            return
    eyes.say(event, f"{event.run} is granted a reservation, and stands in none")
