"""The laws of making room: who may be stopped, how many, and for whom what they free is kept."""

from tests.checker.eyes import Eyes
from tests.checker.history import Event
from tests.checker.places import has_place
from tests.checker.quotas import is_owed, within_quota

BEGINS = "P4"
"""The rule by which a reservation begins: it asks nobody whether it is time."""
MOVES = "D1"
DRAINS = "P5"
"""By which what stands on a drained card goes: it asks nobody either."""


def stopped_rightly(eyes: Eyes, event: Event) -> None:
    """Look at a ``stop`` before it is noted."""
    for victim in event.victims:
        live = eyes.live.get(victim)
        if live is not None and live.stopped_for == event.run and event.run in eyes.unlucky:
            continue  # what it frees is kept for the same run, whose other cards are lost
        if live is None or live.stopped_for is not None:
            eyes.say(event, f"{victim} is stopped and does not run")
            continue
        if not live.asked.preemptible:
            eyes.say(event, f"{victim} is not preemptible and is stopped")
        if event.rule == BEGINS:
            _stands_in_the_way(eyes, event, victim)
            continue
        if event.rule == DRAINS:
            _stands_on_what_is_drained(eyes, event, victim)
            continue
        _not_too_soon(eyes, event, victim)
        if event.rule != MOVES:
            _rightly(eyes, event, victim)


def not_in_vain(eyes: Eyes, event: Event, told: set[str]) -> None:
    """Look at a ``stop`` once it is noted: were any one victim left running, the winner would have no place.

    ``told`` went already.
    """
    if event.rule in (BEGINS, MOVES, DRAINS):
        return
    winner = eyes.world.asked[event.run]
    if eyes.saved and winner.cpu_milli:
        return  # what is saved beside the cards is not told
    for spared in sorted(set(event.victims) - told):
        gone = {name for name, one in eyes.live.items() if one.stopped_for == event.run} - {spared}
        closed = {place for run, places in eyes.kept.items() if run != event.run for place in places}
        closed |= eyes.saved_places | {place for one in eyes.reserved.values() for place in one.places}
        used = eyes.used_as_planned()
        used[winner.project] -= winner.units
        live = eyes.live[spared]
        used[live.asked.project] += live.asked.units
        if has_place(eyes, winner, eyes.without(gone), closed) and within_quota(eyes, winner, used):
            eyes.say(event, f"{spared} is stopped for {event.run} without need")


def moved_rightly(eyes: Eyes, event: Event) -> None:
    """A run that moves has a whole place elsewhere, and moves are as few as they are meant to be."""
    live = eyes.live.get(event.run)
    if live is None or live.stopped_for is None:
        eyes.say(event, f"{event.run} moves and was not stopped")
        return
    if len(event.places) != live.asked.devices or len(set(event.places)) != len(event.places):
        eyes.say(event, f"{event.run} has {live.asked.devices} cards and moves to {event.places}")
    if {node for node, _ in event.places} & {node for node, _ in live.places}:
        eyes.say(event, f"{event.run} moves to where it is")
    eyes.moves += 1
    if eyes.moves > eyes.world.moves_per_job * eyes.grants + 1e-9:
        eyes.say(event, f"{eyes.moves} moves in {eyes.grants} starts")


def _stands_in_the_way(eyes: Eyes, event: Event, victim: str) -> None:
    reservation = eyes.reserved.get(event.run)
    live = eyes.live[victim]
    if reservation is None or not (_begun(reservation, event.at_s)):
        eyes.say(event, f"{victim} is stopped for {event.run}, which has not begun")
    elif not set(live.places) & set(reservation.places) or live.asked.project == reservation.project:
        eyes.say(event, f"{victim} is stopped for reservation {event.run} and is not in its way")


def _stands_on_what_is_drained(eyes: Eyes, event: Event, victim: str) -> None:
    drain = eyes.drained.get(event.run)
    if drain is None or not drain.evict:
        eyes.say(event, f"{victim} is stopped for {event.run}, which is not drained at once")
    elif not set(eyes.live[victim].places) & set(drain.places):
        eyes.say(event, f"{victim} is stopped for the drain of {event.run}, and does not stand on it")


def _begun(reservation: Event, now_s: float) -> bool:
    starts_at_s, ends_at_s = reservation.starts_at_s or 0.0, reservation.ends_at_s or 0.0
    return starts_at_s <= now_s < ends_at_s


def _not_too_soon(eyes: Eyes, event: Event, victim: str) -> None:
    world, live = eyes.world, eyes.live[victim]
    ran_s = event.at_s - live.since_s
    if ran_s < world.min_runtime_s:
        eyes.say(event, f"{victim} is stopped before its minimum runtime")
    before = eyes.evicted_at_s.get(victim)
    if before is not None and event.at_s - before < world.cool_down_s:
        eyes.say(event, f"{victim} is stopped again while it cools down")
    times = eyes.evictions[victim]
    if event.rule == MOVES:
        return
    if len(times) >= world.most_evictions:
        eyes.say(event, f"{victim} is stopped for the {len(times) + 1}th time")
    if event.run in times:
        eyes.say(event, f"{victim} is stopped for {event.run} a second time")


def _rightly(eyes: Eyes, event: Event, victim: str) -> None:
    """A victim is of a project that borrows; or of the same one, with less priority or more time."""
    winner, loser, live = eyes.world.asked[event.run], eyes.world.asked[victim], eyes.live[victim]
    if loser.project != winner.project:
        quota = eyes.world.quotas.get(loser.project)
        if quota is None or _left_to(eyes, event, loser.project) <= quota.nominal:
            eyes.say(event, f"{victim} of {loser.project} is stopped for {event.run}, which it owes nothing")
        if not is_owed(eyes, winner, eyes.used_as_planned()):
            eyes.say(event, f"{victim} of another project is stopped for {event.run}, which is not owed it")
        return
    if loser.priority > winner.priority:
        eyes.say(event, f"{victim} of higher priority is stopped for {event.run}")
    if loser.priority != winner.priority:
        return
    ran_s = event.at_s - live.since_s
    minimum_s = eyes.world.min_runtime_s * 2.0 ** len(eyes.evictions[victim])
    if ran_s < min(minimum_s, eyes.world.longest_min_runtime_s):
        eyes.say(event, f"{victim} is stopped for its equal before its minimum runtime has doubled")
    if winner.max_runtime_s is None and loser.max_runtime_s is None:
        theirs = eyes.attained_s[victim] + ran_s * loser.units / 1000
        if theirs <= eyes.attained_s[event.run]:
            eyes.say(
                event, f"{victim} has had {theirs:g} card-seconds and is stopped for its equal {event.run}"
            )


def _left_to(eyes: Eyes, event: Event, project: str) -> int:
    """What a project has when the last of these victims is asked: who goes already does not count."""
    mine = {name: one for name, one in eyes.live.items() if one.asked.project == project}
    stays = sum(
        one.asked.units for name, one in mine.items() if not one.stopped_for and name not in event.victims
    )
    return stays + max(one.asked.units for name, one in mine.items() if name in event.victims)
