"""The laws. :func:`violations` walks a history and names each thing that must never happen.

Written apart from the arbiter, in the plainest way: it counts cards one by one and tries every place.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from tests.checker.eyes import Eyes, Kept, Live
from tests.checker.history import Asked, Event, World
from tests.checker.places import WHOLE, given_rightly, has_place, node_suits, nothing_oversold
from tests.checker.quotas import quotas_hold, refused_rightly, within_quota
from tests.checker.room import moved_rightly, not_in_vain, stopped_rightly
from tests.checker.turns import in_turn
from tests.checker.words import true_of_grant, true_of_wait

NO_PLACE = ("W1", "W6", "W7")
"""Why a run waits that only wants somebody else to end."""


def violations(world: World, history: Iterable[Event]) -> list[str]:
    """Every broken law, in the order in which it happened; empty for a good history."""
    eyes = Eyes(world)
    for event in history:
        if event.what in ("grant", "stop", "wait") and not eyes.decided:
            _forget_what_no_longer_suits(eyes)
        _LOOK[event.what](eyes, event)
    return eyes.found


def _submit(eyes: Eyes, event: Event) -> None:
    refused_rightly(eyes, event)
    if event.what == "submit":
        eyes.waiting.add(event.run)
        eyes.queued_at_s[event.run] = eyes.submitted_at_s[event.run] = event.at_s


def _withdraw(eyes: Eyes, event: Event) -> None:
    eyes.waiting.discard(event.run)
    _forget_freed(eyes, event.run)


def _grant(eyes: Eyes, event: Event) -> None:
    run, asked = event.run, eyes.world.asked[event.run]
    if run in eyes.live:
        eyes.say(event, f"{run} has a second lease")
    if run not in eyes.waiting:
        eyes.say(event, f"{run} is granted and does not wait")
    in_turn(eyes, event)
    true_of_grant(eyes, event)
    given_rightly(eyes, event)
    for place in event.places:
        owner = eyes.freed_for.get(place)
        if owner not in (None, run):
            eyes.say(event, f"{run} takes {place}, which was freed for {owner}")
        if place in eyes.out:
            eyes.say(event, f"{run} is given {place}, which is out of order or drained")
    _leaves_what_is_saved(eyes, event, asked)
    _leaves_what_is_reserved(eyes, event, asked)
    _forget_freed(eyes, run)
    eyes.waiting.discard(run)
    eyes.decided[run] = event.rule
    eyes.accrue(asked.project, event.at_s)
    eyes.live[run] = Live(asked, event.places, event.at_s)
    eyes.grants += 1
    nothing_oversold(eyes, event)
    quotas_hold(eyes, event)


def _stop(eyes: Eyes, event: Event) -> None:
    """``run`` is who room is made for; a reservation that begins is no run, nor is a drain."""
    if event.run in eyes.world.asked:
        in_turn(eyes, event)
        if eyes.world.asked[event.run].project in eyes.spent:
            eyes.say(event, f"others are stopped for {event.run}, and its project's budget is used up")
    stopped_rightly(eyes, event)
    told = {victim for victim in event.victims if victim in eyes.live and eyes.live[victim].stopped_for}
    for victim in event.victims:
        if victim in eyes.live and victim not in told:
            eyes.stop(victim, event.run)
    eyes.unlucky.discard(event.run)
    if event.run in eyes.world.asked:
        eyes.kept[event.run] = event.places
        eyes.decided[event.run] = event.rule
    eyes.stops += 1
    not_in_vain(eyes, event, told)


def _move(eyes: Eyes, event: Event) -> None:
    moved_rightly(eyes, event)
    eyes.kept[event.run] = event.places
    for place in event.places:
        if eyes.world.asked[event.run].milli == WHOLE:
            eyes.freed_for[place] = event.run


def _wait(eyes: Eyes, event: Event) -> None:
    in_turn(eyes, event)
    true_of_wait(eyes, event)
    eyes.decided[event.run] = event.rule


def _keep(eyes: Eyes, event: Event) -> None:
    """Until the end of its pass, what is free there is the run's."""
    if event.at_s - eyes.queued_at_s[event.run] < eyes.world.keep_after_s:
        eyes.say(event, f"something is kept for {event.run}, which has just come")
    eyes.saved.append(Kept(event.run, event.places, event.starts_at_s))


def _end(eyes: Eyes, event: Event) -> None:
    live = eyes.live.get(event.run)
    if live is None:
        eyes.say(event, f"{event.run} ends and does not run")
        return
    eyes.accrue(live.asked.project, event.at_s)
    del eyes.live[event.run]
    if live.stopped_for is not None and live.stopped_for in eyes.waiting:
        for place in set(live.places) & set(eyes.kept.get(live.stopped_for, ())):
            eyes.freed_for[place] = live.stopped_for
    if event.what == "requeue":
        eyes.waiting.add(event.run)
        eyes.queued_at_s[event.run] = event.at_s
        if live.stopped_for is not None:  # who died keeps its place in the line
            eyes.attained_s[event.run] += (event.at_s - live.since_s) * live.asked.units / 1000
            eyes.evicted_at_s[event.run] = event.at_s
    else:
        eyes.ended.add(event.run)
        _forget_freed(eyes, event.run)
    nothing_oversold(eyes, event)


def _lose(eyes: Eyes, event: Event) -> None:
    eyes.lost.update(event.places)
    _forget_what_is_out(eyes)


def _drain(eyes: Eyes, event: Event) -> None:
    eyes.drained[event.run] = event
    _forget_what_is_out(eyes)


def _undrain(eyes: Eyes, event: Event) -> None:
    del eyes.drained[event.run]


def _forget_what_is_out(eyes: Eyes) -> None:
    out = eyes.out
    for run, places in list(eyes.kept.items()):
        if set(places) & out:
            _forget_freed(eyes, run)
            eyes.unlucky.add(run)


def _reserve(eyes: Eyes, event: Event) -> None:
    eyes.reserved[event.run] = event


def _spend(eyes: Eyes, event: Event) -> None:
    eyes.spent.add(event.run)


def _quota(eyes: Eyes, event: Event) -> None:
    if event.quota is not None:
        eyes.world = replace(eyes.world, quotas={**eyes.world.quotas, event.run: event.quota})


def _pass(eyes: Eyes, event: Event) -> None:
    """After a pass nobody waits whose place is free, unless something is kept for somebody."""
    _everybody_decided(eyes, event)
    _first_in_line_is_kept_for(eyes, event)
    _reservations_are_cleared(eyes, event)
    _drains_are_cleared(eyes, event)
    begun = {one.asked.group for one in eyes.live.values() if one.since_s == event.at_s}
    busy = eyes.saved or eyes.freed_for or any(one.stopped_for for one in eyes.live.values())
    eyes.saved, eyes.decided, eyes.stops = [], {}, 0
    eyes.reserved = {name: one for name, one in eyes.reserved.items() if (one.ends_at_s or 0) > event.at_s}
    if busy or eyes.reserved:
        return
    for run in sorted(eyes.waiting):
        asked = eyes.world.asked[run]
        if asked.project in eyes.spent or asked.near in begun:
            continue  # or was looked at before those came whom it wants to be near
        if has_place(eyes, asked, eyes.live, set()) and within_quota(eyes, asked, eyes.used()):
            eyes.say(event, f"{run} waits although its place is free")


def _everybody_decided(eyes: Eyes, event: Event) -> None:
    for run in sorted(eyes.waiting - set(eyes.decided)):
        eyes.say(event, f"nothing is decided about {run}")


def _first_in_line_is_kept_for(eyes: Eyes, event: Event) -> None:
    """Who has waited for long starves not: what comes free where it will stand is kept for it."""
    begun = any(one.since_s == event.at_s for one in eyes.live.values())
    if begun or eyes.out or eyes.reserved or any(one.stopped_for for one in eyes.live.values()):
        return  # it is not known yet where it will stand
    seen: set[Asked] = set()
    models = {card[0] for machine in eyes.world.machines for card in machine.cards}
    kept_models = [eyes.world.asked[one.run].models or models for one in eyes.saved]
    for run, rule in eyes.decided.items():
        asked = eyes.world.asked[run]
        like = _alike(asked)
        if rule not in NO_PLACE or like in seen or run not in eyes.waiting:
            continue
        seen.add(like)
        free_anywhere = not (asked.labels or asked.near or asked.apart)
        waited_s = event.at_s - eyes.queued_at_s[run]
        long = free_anywhere and waited_s >= eyes.world.keep_after_s
        is_kept = any((asked.models or models) & theirs for theirs in kept_models)
        if long and not is_kept and has_place(eyes, asked, {}, set()):
            eyes.say(event, f"{run} has waited for {waited_s:g} s, and nothing is kept for its like")


def _alike(asked: Asked) -> Asked:
    return Asked(
        **{
            **{name: getattr(asked, name) for name in Asked.__dataclass_fields__},
            "run": "",
            "group": "",
        }
    )


def _reservations_are_cleared(eyes: Eyes, event: Event) -> None:
    """Once it has begun, all that can be stopped and is not for it has been told to go."""
    for name, one in eyes.reserved.items():
        if not (one.starts_at_s or 0) <= event.at_s < (one.ends_at_s or 0):
            continue
        for run, live in eyes.live.items():
            in_the_way = set(live.places) & set(one.places) and live.asked.project != one.project
            if in_the_way and live.asked.preemptible and live.stopped_for is None:
                eyes.say(event, f"reservation {name} has begun, and {run} stands on its cards")


def _drains_are_cleared(eyes: Eyes, event: Event) -> None:
    """What can stop on a card that is drained at once has been told to go."""
    for name, one in eyes.drained.items():
        for run, live in eyes.live.items():
            stays = live.asked.preemptible and live.stopped_for is None
            if one.evict and stays and set(live.places) & set(one.places):
                eyes.say(event, f"{name} is drained at once, and {run} stands on it")


def _forget_what_no_longer_suits(eyes: Eyes) -> None:
    """What is kept for a run is given to others once its affinity speaks against it."""
    for run, places in list(eyes.kept.items()):
        asked = eyes.world.asked[run]
        going = any(one.stopped_for == run for one in eyes.live.values())
        if not going and not all(node_suits(eyes, asked, eyes.live, node) for node, _ in places):
            _forget_freed(eyes, run)
            eyes.unlucky.add(run)
    _forget_what_is_beyond_its_quota(eyes)


def _forget_what_is_beyond_its_quota(eyes: Eyes) -> None:
    """The same once quotas that were set anew speak against it, or its budget is used up."""
    going = {one.stopped_for for one in eyes.live.values()}
    ready = [run for run in eyes.kept if run in eyes.waiting and run not in going]
    used = eyes.used_as_planned()
    for run in ready:
        used[eyes.world.asked[run].project] -= eyes.world.asked[run].units
    for run in ready:
        asked = eyes.world.asked[run]
        if asked.project in eyes.spent or not within_quota(eyes, asked, used):
            _forget_freed(eyes, run)
            eyes.unlucky.add(run)
        else:
            used[asked.project] += asked.units


def _leaves_what_is_saved(eyes: Eyes, event: Event, asked: Asked) -> None:
    """Only who has declared to be gone by then takes what is kept for the first in line."""
    ends_at_s = None if asked.max_runtime_s is None else event.at_s + asked.max_runtime_s
    for kept in eyes.saved:
        if eyes.world.asked[kept.run].milli != WHOLE or not set(kept.places) & set(event.places):
            continue
        if ends_at_s is None or kept.starts_at_s is None or ends_at_s > kept.starts_at_s:
            eyes.say(event, f"{event.run} takes what is kept for {kept.run}")


def _leaves_what_is_reserved(eyes: Eyes, event: Event, asked: Asked) -> None:
    ends_at_s = None if asked.max_runtime_s is None else event.at_s + asked.max_runtime_s
    for name, one in eyes.reserved.items():
        starts_at_s, over_at_s = one.starts_at_s or 0.0, one.ends_at_s or 0.0
        if not set(one.places) & set(event.places) or event.at_s >= over_at_s:
            continue
        in_time = ends_at_s is not None and ends_at_s <= starts_at_s
        if event.at_s < starts_at_s and (asked.preemptible or in_time):
            continue
        if asked.project != one.project or event.at_s < starts_at_s:
            eyes.say(event, f"{event.run} takes cards of reservation {name}")


def _forget_freed(eyes: Eyes, run: str) -> None:
    eyes.kept.pop(run, None)
    eyes.freed_for = {place: owner for place, owner in eyes.freed_for.items() if owner != run}


_LOOK: dict[str, Callable[[Eyes, Event], None]] = {
    "submit": _submit,
    "refuse": _submit,
    "withdraw": _withdraw,
    "lose": _lose,
    "reserve": _reserve,
    "spend": _spend,
    "quota": _quota,
    "drain": _drain,
    "undrain": _undrain,
    "grant": _grant,
    "stop": _stop,
    "move": _move,
    "wait": _wait,
    "keep": _keep,
    "pass": _pass,
    "end": _end,
    "requeue": _end,
}
