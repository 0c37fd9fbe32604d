"""Random histories of the real policy, told to the independent checker.

A history is made by drawing what happens next: a run comes, a run ends or dies, time goes by, a card fails,
a waiting run is withdrawn, cards are reserved, drained and taken into use again, a budget is used up, a
quota is set anew, the decider is killed and its state is built anew from what is known to run and to wait.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import Random

from resources.gpu.placement.model import Placement, Shape, Slot, Span
from resources.gpu.policy import decide as policy
from resources.gpu.policy.model import (
    Decision,
    Drain,
    Grant,
    Job,
    Move,
    Preempt,
    Reservation,
    Running,
    Wait,
)
from resources.gpu.policy.quota_model import project
from resources.gpu.policy.reason import Reason
from tests.checker.history import Event, Place, World
from tests.resources.gpu.policy.worlds import Kind, draw_quota, draw_world, job_of, state_of

STEPS = 60
USUAL = {
    "come": 8.0,
    "end": 4.0,
    "tick": 4.0,
    "stop_ends": 6.0,
    "withdraw": 1.0,
    "lose": 0.3,
    "restart": 1.0,
    "die": 0.3,
    "reserve": 0.0,
    "spend": 0.0,
    "set_quota": 0.0,
    "drain": 0.0,
    "undrain": 0.0,
}
"""How likely each thing is to happen next."""


@dataclass
class Told:
    """A history with the world in which it happened."""

    world: World
    events: list[Event] = field(default_factory=list)


def history_of(seed: int, kind: Kind, steps: int = STEPS) -> Told:
    """A random world of a kind, and ``steps`` random things, a pass of the real ``decide`` after each."""
    random = Random(seed)
    return _Player(random, draw_world(random, kind), {**USUAL, **kind.acts}).play(steps)


class _Player:
    def __init__(self, random: Random, world: World, acts: dict[str, float]) -> None:
        self._random = random
        self._world = world
        self._acts = [getattr(self, f"_{name}") for name in acts], list(acts.values())
        self._to_come = sorted(world.asked)
        random.shuffle(self._to_come)
        self._now_s = 0.0
        self._told = Told(world)
        self._lost: set[Place] = set()
        self._drains: dict[str, Event] = {}
        self._spent: set[str] = set()
        self._state = state_of(world)

    def play(self, steps: int) -> Told:
        for _ in range(steps):
            self._random.choices(*self._acts)[0]()
            self._decide()
        return self._told

    def _come(self) -> None:
        if not self._to_come:
            return
        job = job_of(self._world.asked[self._to_come.pop()], self._now_s)
        amounts = self._state.amounts_of_model(job, None)
        if self._state.quotas.ever_fits(job.owner, amounts) is not None:
            self._say("refuse", job.id)
            return
        self._state.submit(job)
        self._say("submit", job.id)

    def _end(self) -> None:
        free = [one for one in self._state.running.values() if one.stopping_for is None]
        if free:
            self._finish(self._random.choice(free))

    def _stop_ends(self) -> None:
        stopping = [one for one in self._state.running.values() if one.stopping_for is not None]
        if not stopping:
            return
        one = self._random.choice(stopping)
        if self._random.random() < 0.2:  # it ended by itself before it could be stopped
            self._finish(one)
            return
        self._back(one, one.back_in_line(self._now_s))

    def _die(self) -> None:
        """A worker is killed: its run keeps its place in the line."""
        running = [one for one in self._state.running.values() if one.stopping_for is None]
        if running:
            one = self._random.choice(running)
            self._back(one, replace(one.job, queued_since_s=self._now_s))

    def _back(self, one: Running, again: Job) -> None:
        self._state.end(one.job.id, self._now_s, again=again)
        self._say("requeue", one.job.id)

    def _finish(self, one: Running) -> None:
        self._state.end(one.job.id, self._now_s)
        self._say("end", one.job.id)

    def _tick(self) -> None:
        self._now_s += self._random.choice([1.0, 30.0, 700.0, 4000.0])

    def _withdraw(self) -> None:
        if self._state.waiting:
            run = self._random.choice(sorted(self._state.waiting))
            self._state.withdraw(run)
            self._say("withdraw", run)

    def _lose(self) -> None:
        place = self._random.choice(self._places())
        self._lost.add(place)
        self._state.cluster.set_usable(*place, False)
        self._say("lose", places=(place,))

    def _drain(self) -> None:
        """A card or a node; said again with another word on whether what can stop makes room at once."""
        node, card = self._random.choice(self._places())
        whole = self._random.random() < 0.3
        places = tuple(one for one in self._places() if one[0] == node and (whole or one[1] == card))
        event = Event(
            self._now_s,
            "drain",
            f"node{node}" if whole else f"node{node}:{card}",
            places,
            evict=self._random.random() < 0.6,
        )
        self._drains[event.run] = event
        self._take_out_of_use()
        self._told.events.append(event)

    def _undrain(self) -> None:
        if not self._drains:
            return
        target = self._random.choice(sorted(self._drains))
        for place in self._drains.pop(target).places:
            self._state.cluster.set_usable(*place, True)
        self._take_out_of_use()
        self._say("undrain", target)

    def _take_out_of_use(self) -> None:
        """What is lost or drained; cards may be drained twice, alone and with their node."""
        drained = {place for one in self._drains.values() for place in one.places}
        for place in self._lost | drained:
            self._state.cluster.set_usable(*place, False)
        self._state.draining = tuple(
            Drain(name, frozenset(one.places)) for name, one in sorted(self._drains.items()) if one.evict
        )

    def _reserve(self) -> None:
        """Some cards of a node that nobody has reserved, from now or later on."""
        taken = {
            place
            for one in self._state.reservations.values()
            if one.ends_at_s > self._now_s
            for place in _places(one.placement)
        }
        taken |= {place for one in self._state.holds.values() for place in _places(one.placement)}
        node = self._random.randrange(len(self._world.machines))
        drained = {place for one in self._drains.values() for place in one.places}
        shut = taken | self._lost | drained
        free = [place for place in self._places() if place[0] == node and place not in shut]
        if not free:
            return
        cards = tuple(
            sorted(card for _, card in self._random.sample(free, self._random.randint(1, len(free))))
        )
        starts_at_s = self._now_s + self._random.choice([0.0, 700.0, 4000.0])
        one = Reservation(
            f"reserved{len(self._told.events)}",
            self._random.choice("abc"),
            None,
            Shape(len(cards)),
            Span.NODE,
            (Slot(node, cards),),
            starts_at_s,
            starts_at_s + self._random.choice([700.0, 8000.0]),
        )
        self._state.reservations[one.id] = one
        places = _places(one.placement)
        event = Event(self._now_s, "reserve", one.id, places, project=one.project)
        self._told.events.append(replace(event, starts_at_s=starts_at_s, ends_at_s=one.ends_at_s))

    def _spend(self) -> None:
        self._spent.add(self._random.choice("abc"))
        self._hold_back()
        for one in sorted(self._spent):
            self._say("spend", one)

    def _set_quota(self) -> None:
        """More or less for a project, from now on; what runs goes on."""
        name, quota = self._random.choice("abc"), draw_quota(self._random)
        self._world = replace(self._world, quotas={**self._world.quotas, name: quota})
        self._restart()
        self._told.events.append(Event(self._now_s, "quota", name, quota=quota))

    def _hold_back(self) -> None:
        self._state.quotas.hold_back({project(one): Reason("B1", "Used up.") for one in self._spent})

    def _restart(self) -> None:
        """The decider is killed; the next one builds its state from the rows."""
        old, self._state = self._state, state_of(self._world)
        self._state.usage.update(old.usage)
        for one in old.running.values():
            self._state.start(one)
        for job in old.waiting.values():
            self._state.submit(job)
        self._state.usage.update(old.usage)
        self._state.holds.update(old.holds)
        self._state.reservations.update(old.reservations)
        self._state.moves_left = old.moves_left
        self._hold_back()
        self._take_out_of_use()

    def _decide(self) -> None:
        decisions = policy.decide(self._state, self._now_s)
        for one in decisions:
            self._state.apply(one, self._now_s)
            rule = one.reason.rule
            if isinstance(one, Grant):
                self._say("grant", one.job, places=_places(one.placement), rule=rule)
            elif isinstance(one, Preempt):
                places = _places(one.placement)
                self._say(
                    "stop",
                    one.job.removeprefix("reservation:").removeprefix("drain:"),
                    places=places,
                    victims=one.victims,
                    rule=rule,
                )
            elif isinstance(one, Move):
                self._say("move", one.job, places=_places(one.placement), rule=rule)
            else:
                self._say_wait(one)
        self._forget_holds(decisions)
        self._say("pass")

    def _forget_holds(self, decisions: Iterable[Decision]) -> None:
        """As the service does: what is kept for a run that fares otherwise by now is of no use."""
        still = {one.job for one in decisions if isinstance(one, Preempt) or one.reason.rule == "W4"}
        for job in set(self._state.holds) - still - set(self._state.running):
            del self._state.holds[job]

    def _say_wait(self, one: Wait) -> None:
        self._say("wait", one.job, rule=one.reason.rule)
        if one.kept:
            event = Event(self._now_s, "keep", one.job, _places(one.kept), starts_at_s=one.starts_at_s)
            self._told.events.append(event)

    def _places(self) -> list[Place]:
        return [
            (node, card)
            for node, machine in enumerate(self._world.machines)
            for card in range(len(machine.cards))
        ]

    def _say(
        self,
        what: str,
        run: str = "",
        *,
        places: tuple[Place, ...] = (),
        victims: Iterable[str] = (),
        rule: str = "",
    ) -> None:
        self._told.events.append(Event(self._now_s, what, run, places, tuple(victims), rule))


def _places(placement: Placement) -> tuple[Place, ...]:
    return tuple((slot.node, device) for slot in placement for device in slot.devices)
