"""Is there a place? Counted card by card, every place tried; and the laws of what is given out."""

from collections import defaultdict
from itertools import combinations

from tests.checker.eyes import Eyes, Live
from tests.checker.history import Asked, Event, Place

WHOLE = 1000


def given_rightly(eyes: Eyes, event: Event) -> None:
    """A gang is whole, in one piece where it asked for that, of the right models, near to whom it wants."""
    asked, places, machines = eyes.world.asked[event.run], event.places, eyes.world.machines
    if len(places) != asked.devices or len(set(places)) != len(places):
        eyes.say(event, f"{asked.run} asked for {asked.devices} cards and is given {places}")
    if asked.one_node and len({node for node, _ in places}) > 1:
        eyes.say(event, f"{asked.run} is spread over nodes: {places}")
    islands = {(node, machines[node].cards[card][2]) for node, card in places}
    if asked.one_island and len(islands) > 1:
        eyes.say(event, f"{asked.run} is spread over islands: {places}")
    wrong = [p for p in places if asked.models and machines[p[0]].cards[p[1]][0] not in asked.models]
    if wrong:
        eyes.say(event, f"{asked.run} is given cards of another model: {wrong}")
    bad = sorted({node for node, _ in places if not node_suits(eyes, asked, eyes.live, node)})
    if bad:
        eyes.say(event, f"{asked.run} is put on nodes {bad}, which do not fit its affinity")


def nothing_oversold(eyes: Eyes, event: Event) -> None:
    """No card and no node has more on it than there is."""
    milli: dict[Place, int] = defaultdict(int)
    memory_mib: dict[Place, int] = defaultdict(int)
    for one in eyes.live.values():
        for place in one.places:
            milli[place] += one.asked.milli
            memory_mib[place] += one.asked.card_memory_mib
    for place, used in milli.items():
        if used > WHOLE:
            eyes.say(event, f"card {place} is oversold: {used}")
        if memory_mib[place] > eyes.world.machines[place[0]].cards[place[1]][1]:
            eyes.say(event, f"the memory of card {place} is oversold: {memory_mib[place]}")
    for node, machine in enumerate(eyes.world.machines):
        cpus, memory = _used_of_node(eyes.live, node)
        if cpus > machine.cpu_milli + 1e-6 or memory > machine.memory_mib + 1e-6:
            eyes.say(event, f"node {node} is oversold: {cpus} CPUs, {memory} MiB")


def has_place(
    eyes: Eyes,
    asked: Asked,
    live: dict[str, Live],
    closed: set[Place],
    *,
    anywhere: bool = False,
    cards_only: bool = False,
) -> bool:
    """Whether there is one beside ``live``; ``anywhere``: whatever its affinity."""
    free = {
        node: _open_cards(eyes, asked, live, node, closed, cards_only=cards_only)
        for node in range(len(eyes.world.machines))
        if anywhere or node_suits(eyes, asked, live, node)
    }
    if not asked.one_node:
        return sum(len(cards) for cards in free.values()) >= asked.devices
    if not asked.one_island:
        return any(len(cards) >= asked.devices for cards in free.values())
    return any(
        len({eyes.world.machines[node].cards[card][2] for card in chosen}) == 1
        for node, cards in free.items()
        for chosen in combinations(cards, asked.devices)
    )


def cards_free(eyes: Eyes, asked: Asked, live: dict[str, Live], closed: set[Place]) -> int:
    """How many cards would do, wherever they are."""
    return sum(
        card_fits(eyes, asked, live, (node, card), closed)
        for node, machine in enumerate(eyes.world.machines)
        for card in range(len(machine.cards))
    )


def card_fits(eyes: Eyes, asked: Asked, live: dict[str, Live], place: Place, closed: set[Place]) -> bool:
    """Whether a card has enough left."""
    model, memory_mib, _ = eyes.world.machines[place[0]].cards[place[1]]
    if place in closed or place in eyes.out or (asked.models and model not in asked.models):
        return False
    there = [one.asked for one in live.values() if place in one.places]
    room = WHOLE - sum(one.milli for one in there)
    return (
        room >= asked.milli
        and memory_mib - sum(one.card_memory_mib for one in there) >= asked.card_memory_mib
    )


def node_suits(eyes: Eyes, asked: Asked, live: dict[str, Live], node: int) -> bool:
    """Whether a node is one that a request wants."""
    if not asked.labels <= eyes.world.machines[node].labels:
        return False
    if asked.near and (theirs := _nodes_of(live, asked.near)) and node not in theirs:
        return False
    return not (asked.apart and node in _nodes_of(live, asked.apart))


def _nodes_of(live: dict[str, Live], group: str) -> set[int]:
    return {node for one in live.values() if one.asked.group == group for node, _ in one.places}


def _open_cards(
    eyes: Eyes, asked: Asked, live: dict[str, Live], node: int, closed: set[Place], *, cards_only: bool
) -> list[int]:
    machine = eyes.world.machines[node]
    cards = [card for card in range(len(machine.cards)) if card_fits(eyes, asked, live, (node, card), closed)]
    if cards_only:
        return cards
    cpus, memory = _used_of_node(live, node)
    per_card, most = max(asked.devices, 1), len(cards)
    if asked.cpu_milli:
        most = min(most, int((machine.cpu_milli - cpus) * per_card // asked.cpu_milli))
    if asked.memory_mib:
        most = min(most, int((machine.memory_mib - memory) * per_card // asked.memory_mib))
    if most < asked.devices and asked.one_node:
        return []
    return cards[:most] if most < len(cards) and not asked.one_island else cards


def _used_of_node(live: dict[str, Live], node: int) -> tuple[float, float]:
    there = [one for one in live.values() for at, _ in one.places if at == node]
    cpus = sum(one.asked.cpu_milli / len(one.places) for one in there)
    return cpus, sum(one.asked.memory_mib / len(one.places) for one in there)
