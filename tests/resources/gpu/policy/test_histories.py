"""Laws over random histories, seen by a checker that shares no code with the arbiter."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.gpu.placement.cluster import Cluster
from resources.gpu.policy.amounts import ANY_DEVICE
from resources.gpu.policy.model import Settings
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import Membership, QuotaRow, QuotaRows, cohort, project
from resources.gpu.policy.state import State
from tests.checker.checker import violations
from tests.checker.history import World
from tests.resources.gpu.policy.histories import draw_world, play

STEPS = 60


def state_of(cluster: Cluster, world: World) -> State:
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
    cards = sum(len(machine.cards) for machine in world.machines)
    tree = QuotaTree(rows if world.quotas else None)
    return State(cluster, tree, {ANY_DEVICE: cards * 1000}, settings=Settings(moves_per_job=0))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_no_history_without_quotas_breaks_a_law(seed: int) -> None:
    random = Random(seed)
    told = play(random, STEPS, state_of, draw_world(random, quotas={}, runs=30))
    assert violations(told.world, told.events) == []


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_no_history_with_quotas_breaks_a_law(seed: int) -> None:
    random = Random(seed)
    quotas = {
        name: (random.randint(1, 6) * 1000, random.choice([None, 0, 2000]), random.choice([None, None, 1000]))
        for name in "abc"
    }
    told = play(random, STEPS, state_of, draw_world(random, quotas=quotas, runs=30))
    assert violations(told.world, told.events) == []


def test_a_history_is_full_of_events_of_each_kind() -> None:
    seen: set[str] = set()
    for seed in range(40):
        random = Random(seed)
        quotas = {"a": (3000, None, None), "b": (3000, None, None)}
        told = play(random, STEPS, state_of, draw_world(random, quotas=quotas, runs=30))
        seen |= {f"{event.what} {event.rule}".strip() for event in told.events}
    missing = {"grant A2", "grant A3", "grant A4", "stop P1", "stop P2", "requeue", "end", "lose"} - seen
    assert not missing, pytest.fail(f"no history has {missing}; seen {sorted(seen)}")
