"""Small random worlds, each kind full of one thing that rules speak of."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random

from resources.gpu.model import Owner
from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import DeviceSpec, NodeSpec, Shape, Span
from resources.gpu.policy.amounts import ANY_DEVICE
from resources.gpu.policy.model import Affinity, Job, JobId, Settings
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import Membership, QuotaRow, QuotaRows, cohort, project
from resources.gpu.policy.state import State
from tests.checker.history import Asked, Machine, Quota, World


@dataclass(frozen=True)
class Kind:
    """What there is much of in a world."""

    quotas: bool = False
    cpus: bool = True
    terms: bool = False
    """Groups, labels, and declared maximum runtimes."""
    priorities: tuple[int, ...] = (0, 0, 1)
    one_card: float = 0.4
    """The part of runs that ask for one card or less."""
    nothing: float = 0.03
    preemptible: float = 0.6
    most_evictions: int = 20
    moves_per_job: float = 0.0
    cool_down_s: float = 1800.0
    machines: int = 4
    acts: Mapping[str, float] = field(default_factory=dict)
    """How likely something is to happen, where it is not as usual."""


PLAIN = Kind()
QUOTAS = Kind(quotas=True)
CARDS_ONLY = Kind(quotas=True, cpus=False, machines=2)
TERMS = Kind(terms=True, acts={"die": 1})
STOPS = Kind(cpus=False, machines=1, preemptible=1.0, most_evictions=1, priorities=(0, 1, 2))
AGAIN = Kind(cpus=False, machines=1, preemptible=1.0, priorities=(0, 1, 2))
LOOPS = Kind(cpus=False, machines=1, preemptible=1.0, cool_down_s=0.0, priorities=(0,), acts={"tick": 8})
LOSSES = Kind(cpus=False, machines=2, preemptible=1.0, one_card=0.2, acts={"lose": 2.0, "tick": 6.0})
TIGHT = Kind(quotas=True, cpus=False, machines=3, preemptible=1.0, one_card=0.2, acts={"tick": 6.0})
RESERVED = Kind(terms=True, acts={"reserve": 2})
SPENDING = Kind(quotas=True, acts={"spend": 0.5})
DRAINS = Kind(quotas=True, terms=True, acts={"drain": 1.5, "undrain": 1.0, "reserve": 0.5})
EXCHANGES = Kind(
    quotas=True,
    cpus=False,
    preemptible=1.0,
    one_card=0.3,
    priorities=(0, 1, 2, 3),
    cool_down_s=0.0,
    acts={"tick": 6.0, "stop_ends": 1.0, "end": 0.5, "withdraw": 0.0, "lose": 0.0},
)
MOVES = Kind(
    cpus=False, one_card=0.7, preemptible=1.0, moves_per_job=0.2, priorities=(0, 1, 2, 3), acts={"tick": 8}
)
SETTING = replace(EXCHANGES, acts={**EXCHANGES.acts, "set_quota": 0.7, "spend": 0.1, "stop_ends": 3.0})
KINDS = {
    "plain": PLAIN,
    "quotas": QUOTAS,
    "cards only": CARDS_ONLY,
    "terms": TERMS,
    "stops": STOPS,
    "again": AGAIN,
    "loops": LOOPS,
    "losses": LOSSES,
    "tight": TIGHT,
    "reserved": RESERVED,
    "spending": SPENDING,
    "drains": DRAINS,
    "exchanges": EXCHANGES,
    "moves": MOVES,
    "setting": SETTING,
}


def draw_world(random: Random, kind: Kind, *, runs: int = 30) -> World:
    """Up to four nodes of up to four cards of two models, and ``runs`` requests."""
    machines = tuple(
        Machine(
            tuple(
                (model, 16_384, island)
                for model in [random.choice(["V100", "T4"])]
                for island in sorted(random.choice([0, 1]) for _ in range(random.randint(1, 4)))
            ),
            cpu_milli=random.choice([8_000, 64_000]),
            memory_mib=64_000,
            labels=frozenset([("zone", random.choice("ab"))]) if kind.terms else frozenset(),
        )
        for _ in range(random.randint(1, kind.machines))
    )
    quotas = {name: draw_quota(random) for name in ("abc" if kind.quotas else "")}
    asked = {
        name: _draw_fitting(random, kind, name, machines) for name in (f"run{one:03d}" for one in range(runs))
    }
    usual = Settings()
    return World(
        machines,
        asked,
        quotas,
        usual.min_runtime_s,
        kind.cool_down_s,
        usual.keep_after_s,
        kind.most_evictions,
        kind.moves_per_job,
    )


def draw_quota(random: Random) -> Quota:
    """Of a project in the one cohort that there is."""
    return Quota(
        random.randint(1, 6) * 1000,
        random.choice([None, 0, 2000]),
        random.choice([None, None, 1000]),
        cohort="all",
    )


def state_of(world: World) -> State:
    """The state of the real policy of a world in which nothing has happened yet."""
    rows = QuotaRows(
        (Membership(cohort("all")), *(Membership(project(name), "all") for name in world.quotas)),
        tuple(
            QuotaRow(
                project(name),
                nominal=quota.nominal,
                borrowing_limit=quota.borrowing_limit,
                lending_limit=quota.lending_limit,
            )
            for name, quota in world.quotas.items()
        ),
    )
    return State(
        Cluster(
            [
                NodeSpec(
                    f"node{number}",
                    machine.cpu_milli,
                    machine.memory_mib,
                    tuple(
                        DeviceSpec(model, memory_mib, island) for model, memory_mib, island in machine.cards
                    ),
                )
                for number, machine in enumerate(world.machines)
            ]
        ),
        QuotaTree(rows if world.quotas else None),
        {ANY_DEVICE: world.cards * 1000},
        labels=[dict(machine.labels) for machine in world.machines],
        settings=Settings(
            min_runtime_s=world.min_runtime_s,
            cool_down_s=world.cool_down_s,
            keep_after_s=world.keep_after_s,
            most_evictions=world.most_evictions,
            moves_per_job=world.moves_per_job,
        ),
    )


def job_of(asked: Asked, now_s: float) -> Job:
    """What the policy is told of a request."""
    return Job(
        JobId(asked.run),
        Owner(asked.project, "user"),
        Shape(
            devices=asked.devices,
            milli=asked.milli,
            memory_mib=asked.card_memory_mib,
            models=asked.models,
            cpu_milli=asked.cpu_milli,
            host_memory_mib=asked.memory_mib,
        ),
        Span.ISLAND if asked.one_island else Span.NODE if asked.one_node else Span.NODES,
        priority=asked.priority,
        preemptible=asked.preemptible,
        max_runtime_s=asked.max_runtime_s,
        submitted_at_s=now_s,
        queued_since_s=now_s,
        group=asked.group,
        affinity=Affinity(asked.labels, asked.near, asked.apart),
    )


def _draw_fitting(random: Random, kind: Kind, run: str, machines: tuple[Machine, ...]) -> Asked:
    """One that has a place when nothing runs, but for a few."""
    for _ in range(8):
        asked = _draw_request(random, kind, run)
        most = [
            sum(not asked.models or card[0] in asked.models for card in machine.cards)
            for machine in machines
            if asked.labels <= machine.labels
        ]
        if (max(most, default=0) if asked.one_node else sum(most)) >= asked.devices:
            break
    return asked


def _draw_request(random: Random, kind: Kind, run: str) -> Asked:
    name = random.choice("abc")
    if random.random() < kind.nothing:
        return Asked(run, name, 0)
    share = random.random() * 0.4 / kind.one_card
    devices = 1 if share < 0.4 else random.choice([1, 2, 2, 4])
    one_node = random.random() < 0.7
    terms = kind.terms
    return Asked(
        run,
        name,
        devices,
        milli=random.choice([250, 500, 810, 1000]) if share < 0.4 else 1000,
        card_memory_mib=random.choice([0, 4096]) if share < 0.4 else 0,
        models=random.choice([None, None, frozenset({"V100"}), frozenset({"T4"})]),
        cpu_milli=random.choice([0, 2_000]) * devices if kind.cpus else 0,
        one_node=one_node,
        one_island=one_node and random.random() < 0.2,
        priority=random.choice(kind.priorities),
        preemptible=random.random() < kind.preemptible,
        max_runtime_s=random.choice([None, 600.0, 5000.0, 40_000.0]) if terms else None,
        group=random.choice(["", "g", "h"]) if terms else "",
        labels=frozenset([("zone", "a")]) if terms and random.random() < 0.2 else frozenset(),
        near="g" if terms and random.random() < 0.15 else None,
        apart="h" if terms and random.random() < 0.15 else None,
    )
