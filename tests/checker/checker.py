"""The laws. :func:`violations` walks a history and names each thing that must never happen.

Written apart from the arbiter, in the plainest way: it counts cards one by one and tries every place.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

from tests.checker.history import Asked, Event, World

WHOLE = 1000


@dataclass
class _Live:
    asked: Asked
    places: tuple[tuple[int, int], ...]
    since_s: float
    stopped_for: str | None = None


@dataclass
class _Eyes:
    world: World
    waiting: set[str] = field(default_factory=set)
    live: dict[str, _Live] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    evicted_at_s: dict[str, float] = field(default_factory=dict)
    evictions: set[tuple[str, str]] = field(default_factory=set)
    freed_for: dict[tuple[int, int], str] = field(default_factory=dict)
    kept: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    unlucky: set[str] = field(default_factory=set)
    """Those who lost a card that was kept for them: who made room for it already does so in vain."""
    saved: set[tuple[int, int]] = field(default_factory=set)
    lost: set[tuple[int, int]] = field(default_factory=set)
    found: list[str] = field(default_factory=list)


def violations(world: World, history: Iterable[Event]) -> list[str]:
    """Every broken law, in the order in which it happened; empty for a good history."""
    eyes = _Eyes(world)
    for event in history:
        _LOOK[event.what](eyes, event)
        _count(eyes, event)
    return eyes.found


def _submit(eyes: _Eyes, event: Event) -> None:
    eyes.waiting.add(event.run)


def _withdraw(eyes: _Eyes, event: Event) -> None:
    eyes.waiting.discard(event.run)
    _forget_freed(eyes, event.run)


def _grant(eyes: _Eyes, event: Event) -> None:
    run, asked = event.run, eyes.world.asked[event.run]
    if run in eyes.live:
        eyes.found.append(f"{run} has a second lease")
    if run not in eyes.waiting:
        eyes.found.append(f"{run} is granted and does not wait")
    eyes.waiting.discard(run)
    _whole(eyes, asked, event.places)
    for place in event.places:
        owner = eyes.freed_for.get(place)
        if owner not in (None, run):
            eyes.found.append(f"{run} takes {place}, which was freed for {owner}")
        if place in eyes.lost:
            eyes.found.append(f"{run} is given {place}, which is out of order")
    _forget_freed(eyes, run)
    eyes.live[run] = _Live(asked, event.places, event.at_s)


def _stop(eyes: _Eyes, event: Event) -> None:
    """``run`` is who room is made for; a reservation that begins is no run."""
    for victim in event.victims:
        live = eyes.live.get(victim)
        if live is None or live.stopped_for is not None:
            eyes.found.append(f"{victim} is stopped and does not run")
            continue
        if not live.asked.preemptible:
            eyes.found.append(f"{victim} is not preemptible and is stopped")
        if event.rule != "P4" and event.at_s - live.since_s < eyes.world.min_runtime_s:
            eyes.found.append(f"{victim} is stopped before its minimum runtime")
        before = eyes.evicted_at_s.get(victim)
        if event.rule != "P4" and before is not None and event.at_s - before < eyes.world.cool_down_s:
            eyes.found.append(f"{victim} is stopped again while it cools down")
        live.stopped_for = event.run
    _rightly(eyes, event)
    _no_victim_too_many(eyes, event)
    if event.run in eyes.world.asked:
        eyes.kept[event.run] = event.places


def _keep(eyes: _Eyes, event: Event) -> None:
    """Until the end of its pass, what is free there is the run's."""
    eyes.saved.update(event.places)


def _end(eyes: _Eyes, event: Event) -> None:
    live = eyes.live.pop(event.run, None)
    if live is None:
        eyes.found.append(f"{event.run} ends and does not run")
        return
    if live.stopped_for is not None and live.stopped_for in eyes.waiting:
        for place in set(live.places) & set(eyes.kept.get(live.stopped_for, ())):
            eyes.freed_for[place] = live.stopped_for
    if event.what == "requeue":
        eyes.waiting.add(event.run)
        if live.stopped_for is not None:
            eyes.evicted_at_s[event.run] = event.at_s
    else:
        eyes.ended.add(event.run)
        _forget_freed(eyes, event.run)


def _lose(eyes: _Eyes, event: Event) -> None:
    eyes.lost.update(event.places)
    for run, places in list(eyes.kept.items()):
        if set(places) & eyes.lost:
            _forget_freed(eyes, run)
            eyes.unlucky.add(run)


def _pass(eyes: _Eyes, event: Event) -> None:
    """After a pass nobody waits whose place is free, unless something is kept for somebody."""
    if saved := eyes.saved:
        eyes.saved = set()
    if saved or eyes.freed_for or any(one.stopped_for for one in eyes.live.values()):
        return
    for run in sorted(eyes.waiting):
        asked = eyes.world.asked[run]
        if _has_place(eyes, asked) and _within_quota(eyes, asked):
            eyes.found.append(f"{run} waits although its place is free")


def _count(eyes: _Eyes, event: Event) -> None:
    if event.what not in ("grant", "requeue", "end"):
        return
    _no_card_twice(eyes)
    _no_node_over(eyes)
    _quotas_hold(eyes)


def _no_card_twice(eyes: _Eyes) -> None:
    milli: dict[tuple[int, int], int] = defaultdict(int)
    memory_mib: dict[tuple[int, int], int] = defaultdict(int)
    for one in eyes.live.values():
        for place in one.places:
            milli[place] += one.asked.milli
            memory_mib[place] += one.asked.card_memory_mib
    for place, used in milli.items():
        if used > WHOLE:
            eyes.found.append(f"card {place} is oversold: {used}")
        if memory_mib[place] > eyes.world.machines[place[0]].cards[place[1]][1]:
            eyes.found.append(f"the memory of card {place} is oversold: {memory_mib[place]}")


def _no_node_over(eyes: _Eyes) -> None:
    cpus: dict[int, float] = defaultdict(float)
    memory: dict[int, float] = defaultdict(float)
    for one in eyes.live.values():
        for node, _ in one.places:
            cpus[node] += one.asked.cpu_milli / len(one.places)
            memory[node] += one.asked.memory_mib / len(one.places)
    for node, machine in enumerate(eyes.world.machines):
        if cpus[node] > machine.cpu_milli + 1e-6 or memory[node] > machine.memory_mib + 1e-6:
            eyes.found.append(f"node {node} is oversold: {cpus[node]} CPUs, {memory[node]} MiB")


def _used(eyes: _Eyes) -> dict[str, int]:
    used: dict[str, int] = defaultdict(int)
    for one in eyes.live.values():
        used[one.asked.project] += one.asked.devices * one.asked.milli
    return used


def _quotas_hold(eyes: _Eyes) -> None:
    used = _used(eyes)
    cohorts: dict[str, list[str]] = defaultdict(list)
    for project, quota in eyes.world.quotas.items():
        most = None if quota.cohort else quota.nominal
        if quota.cohort and quota.borrowing_limit is not None:
            most = quota.nominal + quota.borrowing_limit
        if most is not None and used[project] > most:
            eyes.found.append(f"{project} uses {used[project]} of at most {most}")
        if quota.cohort:
            cohorts[quota.cohort].append(project)
    for cohort, projects in cohorts.items():
        nominal = sum(eyes.world.quotas[one].nominal for one in projects)
        if (together := sum(used[one] for one in projects)) > nominal:
            eyes.found.append(f"cohort {cohort} uses {together} of {nominal}")


def _within_quota(eyes: _Eyes, asked: Asked) -> bool:
    quota = eyes.world.quotas.get(asked.project)
    if quota is None:
        return True
    used = _used(eyes)
    units = asked.devices * asked.milli
    if quota.cohort is None:
        return used[asked.project] + units <= quota.nominal
    if quota.borrowing_limit is not None and (
        used[asked.project] + units > quota.nominal + quota.borrowing_limit
    ):
        return False
    spare = quota.nominal - used[asked.project]
    for name, other in eyes.world.quotas.items():
        if name != asked.project and other.cohort == quota.cohort:
            unused = other.nominal - used[name]
            spare += unused if other.lending_limit is None else min(unused, other.lending_limit)
    return units <= spare


def _whole(eyes: _Eyes, asked: Asked, places: tuple[tuple[int, int], ...]) -> None:
    machines = eyes.world.machines
    if len(places) != asked.devices or len(set(places)) != len(places):
        eyes.found.append(f"{asked.run} asked for {asked.devices} cards and is given {places}")
    if asked.one_node and len({node for node, _ in places}) > 1:
        eyes.found.append(f"{asked.run} is spread over nodes: {places}")
    islands = {(node, machines[node].cards[card][2]) for node, card in places}
    if asked.one_island and len(islands) > 1:
        eyes.found.append(f"{asked.run} is spread over islands: {places}")
    wrong = [p for p in places if asked.models and machines[p[0]].cards[p[1]][0] not in asked.models]
    if wrong:
        eyes.found.append(f"{asked.run} is given cards of another model: {wrong}")


def _rightly(eyes: _Eyes, event: Event) -> None:
    """Each victim is of a project that borrows, or of the same project and no higher priority."""
    if event.rule in ("P4", "D1"):
        return
    winner = eyes.world.asked[event.run]
    used = _used(eyes)
    for victim in event.victims:
        loser = eyes.world.asked[victim]
        if loser.project == winner.project:
            if loser.priority > winner.priority:
                eyes.found.append(f"{victim} of higher priority is stopped for {event.run}")
            continue
        quota = eyes.world.quotas.get(loser.project)
        if quota is None or used[loser.project] <= quota.nominal:
            eyes.found.append(
                f"{victim} of {loser.project}, which borrows nothing, is stopped for {event.run}"
            )


def _no_victim_too_many(eyes: _Eyes, event: Event) -> None:
    """Were any one victim left running, the winner would have no place."""
    if event.rule in ("P4", "D1"):
        return
    winner = eyes.world.asked[event.run]
    if event.run in eyes.unlucky or (eyes.saved and winner.cpu_milli):
        return  # what is saved beside the cards is not told
    for spared in event.victims:
        gone = {name for name, one in eyes.live.items() if one.stopped_for == event.run} - {spared}
        others = {name: one for name, one in eyes.live.items() if name not in gone}
        closed = {place for run, places in eyes.kept.items() if run != event.run for place in places}
        closed |= eyes.saved
        if _has_place_beside(eyes, winner, others, closed) and _quota_beside(eyes, winner, gone):
            eyes.found.append(f"{spared} is stopped for {event.run} without need")


def _quota_beside(eyes: _Eyes, asked: Asked, gone: set[str]) -> bool:
    """As it will be: those that make room for others gone, and these others in their places."""
    coming = {run: places for run, places in eyes.kept.items() if run != asked.run and run in eyes.waiting}
    gone |= {name for name, one in eyes.live.items() if one.stopped_for in coming}
    before = dict(eyes.live)
    for name in gone:
        del eyes.live[name]
    eyes.live |= {run: _Live(eyes.world.asked[run], places, 0.0) for run, places in coming.items()}
    try:
        return _within_quota(eyes, asked)
    finally:
        eyes.live = before


def _has_place(eyes: _Eyes, asked: Asked) -> bool:
    return _has_place_beside(eyes, asked, eyes.live, set())


def _has_place_beside(
    eyes: _Eyes, asked: Asked, live: dict[str, _Live], closed: set[tuple[int, int]]
) -> bool:
    per_card = max(asked.devices, 1)
    free: dict[int, list[int]] = {}
    for node, machine in enumerate(eyes.world.machines):
        cpus = machine.cpu_milli - sum(
            one.asked.cpu_milli / len(one.places)
            for one in live.values()
            for at, _ in one.places
            if at == node
        )
        memory = machine.memory_mib - sum(
            one.asked.memory_mib / len(one.places)
            for one in live.values()
            for at, _ in one.places
            if at == node
        )
        cards = [
            card for card in range(len(machine.cards)) if _card_fits(eyes, asked, live, (node, card), closed)
        ]
        most = len(cards)
        if asked.cpu_milli:
            most = min(most, int(cpus * per_card // asked.cpu_milli))
        if asked.memory_mib:
            most = min(most, int(memory * per_card // asked.memory_mib))
        free[node] = cards[:most] if most < len(cards) and not asked.one_island else cards
        if most < asked.devices and asked.one_node:
            free[node] = []
    if not asked.one_node:
        return sum(len(cards) for cards in free.values()) >= asked.devices
    if not asked.one_island:
        return any(len(cards) >= asked.devices for cards in free.values())
    return any(
        len({eyes.world.machines[node].cards[card][2] for card in chosen}) == 1
        for node, cards in free.items()
        for chosen in combinations(cards, asked.devices)
    )


def _card_fits(
    eyes: _Eyes,
    asked: Asked,
    live: dict[str, _Live],
    place: tuple[int, int],
    closed: set[tuple[int, int]],
) -> bool:
    model, memory_mib, _ = eyes.world.machines[place[0]].cards[place[1]]
    if place in closed or place in eyes.lost or (asked.models and model not in asked.models):
        return False
    there = [one.asked for one in live.values() if place in one.places]
    room = WHOLE - sum(one.milli for one in there)
    return (
        room >= asked.milli
        and memory_mib - sum(one.card_memory_mib for one in there) >= asked.card_memory_mib
    )


def _forget_freed(eyes: _Eyes, run: str) -> None:
    eyes.kept.pop(run, None)
    eyes.freed_for = {place: owner for place, owner in eyes.freed_for.items() if owner != run}


_LOOK = {
    "keep": _keep,
    "submit": _submit,
    "withdraw": _withdraw,
    "grant": _grant,
    "stop": _stop,
    "end": _end,
    "requeue": _end,
    "lose": _lose,
    "pass": _pass,
}
