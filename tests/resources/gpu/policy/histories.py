"""Random histories of the real policy, told to the independent checker.

A history is made by drawing what happens next: a run comes, a run ends, time goes by, a card fails, a waiting
run is withdrawn, the decider is killed and its state is built anew from what is known to run and to wait.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random

from resources.gpu.model import Owner
from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import DeviceSpec, NodeSpec, Placement, Shape, Span
from resources.gpu.policy.decide import decide
from resources.gpu.policy.model import Grant, Job, JobId, Move, Preempt, Running, Settings, Wait
from resources.gpu.policy.state import State
from tests.checker.history import Asked, Event, Machine, World

MakeState = Callable[[Cluster, World], State]


@dataclass
class Told:
    """A history with the world in which it happened."""

    world: World
    events: list[Event] = field(default_factory=list)


def play(random: Random, steps: int, make_state: MakeState, world: World) -> Told:
    """``steps`` random things, a pass of the real ``decide`` after each."""
    return _Player(random, make_state, world).play(steps)


def shape_of(asked: Asked) -> tuple[Shape, Span]:
    """What the policy is told of a request."""
    span = Span.NODE if asked.one_node else Span.NODES
    shape = Shape(
        devices=asked.devices,
        milli=asked.milli,
        memory_mib=asked.card_memory_mib,
        models=asked.models,
        cpu_milli=asked.cpu_milli,
        host_memory_mib=asked.memory_mib,
    )
    return shape, Span.ISLAND if asked.one_island else span


def cluster_of(machines: tuple[Machine, ...]) -> Cluster:
    """The cluster of a world."""
    return Cluster(
        [
            NodeSpec(
                f"node{number}",
                machine.cpu_milli,
                machine.memory_mib,
                tuple(DeviceSpec(model, memory_mib, island) for model, memory_mib, island in machine.cards),
            )
            for number, machine in enumerate(machines)
        ]
    )


class _Player:
    def __init__(self, random: Random, make_state: MakeState, world: World) -> None:
        self._random = random
        self._make_state = make_state
        self._world = world
        self._to_come = sorted(world.asked)
        random.shuffle(self._to_come)
        self._now_s = 0.0
        self._told = Told(world)
        self._lost: set[tuple[int, int]] = set()
        self._state = make_state(cluster_of(world.machines), world)

    def play(self, steps: int) -> Told:
        acts = [self._come, self._come, self._end, self._tick, self._stop_ends, self._stop_ends]
        acts += [self._withdraw, self._lose, self._restart]
        weights = [6, 2, 4, 4, 4, 2, 1, 0.3, 1]
        for _ in range(steps):
            self._random.choices(acts, weights)[0]()
            self._decide()
        return self._told

    def _come(self) -> None:
        if not self._to_come:
            return
        asked = self._world.asked[self._to_come.pop()]
        shape, span = shape_of(asked)
        self._state.submit(
            Job(
                JobId(asked.run),
                Owner(asked.project, "user"),
                shape,
                span,
                priority=asked.priority,
                preemptible=asked.preemptible,
                submitted_at_s=self._now_s,
                queued_since_s=self._now_s,
            )
        )
        self._say("submit", asked.run)

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
        again = replace(
            one.job,
            queued_since_s=self._now_s,
            attained_gpu_s=one.attained_gpu_s(self._now_s),
            evictions=one.job.evictions + 1,
            evicted_at_s=self._now_s,
        )
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
        node = self._random.randrange(len(self._world.machines))
        card = self._random.randrange(len(self._world.machines[node].cards))
        self._lost.add((node, card))
        self._state.cluster.set_usable(node, card, False)
        self._told.events.append(Event(self._now_s, "lose", places=((node, card),)))

    def _restart(self) -> None:
        """The decider is killed; the next one builds its state from the rows."""
        old = self._state
        self._state = self._make_state(cluster_of(self._world.machines), self._world)
        for one in old.running.values():
            self._state.start(one)
        for job in old.waiting.values():
            self._state.submit(job)
        self._state.holds.update(old.holds)
        for node, card in self._lost:
            self._state.cluster.set_usable(node, card, False)

    def _decide(self) -> None:
        decisions = decide(self._state, self._now_s)
        for one in decisions:
            self._state.apply(one, self._now_s)
            if isinstance(one, Grant):
                self._say("grant", one.job, places=_places(one.placement), rule=one.reason.rule)
            elif isinstance(one, Preempt):
                places = _places(one.placement)
                self._say("stop", one.job, places=places, victims=one.victims, rule=one.reason.rule)
            elif isinstance(one, Wait) and one.kept:
                self._say("keep", one.job, places=_places(one.kept))
        assert not any(isinstance(one, Move) for one in decisions) or self._state.settings.moves_per_job
        self._told.events.append(Event(self._now_s, "pass"))

    def _say(
        self,
        what: str,
        run: str,
        *,
        places: tuple[tuple[int, int], ...] = (),
        victims: tuple[str, ...] = (),
        rule: str = "",
    ) -> None:
        self._told.events.append(Event(self._now_s, what, run, places, victims, rule))


def _places(placement: Placement) -> tuple[tuple[int, int], ...]:
    return tuple((slot.node, device) for slot in placement for device in slot.devices)


def draw_world(
    random: Random, *, quotas: Mapping[str, tuple[int, int | None, int | None]], runs: int
) -> World:
    """A small world: up to four nodes of up to four cards of two models, and ``runs`` requests."""
    from tests.checker.history import Quota

    machines = tuple(
        Machine(
            tuple(
                (model, 16_384, island)
                for model in [random.choice(["V100", "T4"])]
                for island in sorted(random.choice([0, 1]) for _ in range(random.randint(1, 4)))
            ),
            cpu_milli=random.choice([8_000, 64_000]),
            memory_mib=64_000,
        )
        for _ in range(random.randint(1, 4))
    )
    projects = sorted(quotas) or ["a", "b"]
    asked = {
        f"run{number:03d}": _draw_request(random, f"run{number:03d}", random.choice(projects))
        for number in range(runs)
    }
    settings = Settings()
    return World(
        machines,
        asked,
        {
            name: Quota(nominal, borrow, lend, cohort="all")
            for name, (nominal, borrow, lend) in quotas.items()
        },
        settings.min_runtime_s,
        settings.cool_down_s,
    )


def _draw_request(random: Random, run: str, project: str) -> Asked:
    share = random.random()
    devices = 1 if share < 0.4 else random.choice([1, 2, 2, 4])
    one_node = random.random() < 0.7
    return Asked(
        run,
        project,
        devices,
        milli=random.choice([250, 500, 810]) if share < 0.4 else 1000,
        card_memory_mib=random.choice([0, 4096]) if share < 0.4 else 0,
        models=random.choice([None, None, frozenset({"V100"}), frozenset({"T4"})]),
        cpu_milli=random.choice([0, 2_000]) * devices,
        one_node=one_node,
        one_island=one_node and random.random() < 0.2,
        priority=random.choice([0, 0, 1]),
        preemptible=random.random() < 0.6,
    )
