"""Where the first in line will stand: after the fewest ends that make room for it."""

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.placement.model import Placement, Slot
from resources.gpu.policy.keeping import ends_at_s, expected_place
from resources.gpu.policy.model import Running
from resources.gpu.policy.state import State
from tests.resources.gpu.policy.cases import job, state

NOW_S = 1000.0
NODES, DEVICES = 3, 4
ENDS_IN_S = st.one_of(st.none(), st.integers(1, 6).map(lambda step: 600.0 * step))


@given(st.lists(ENDS_IN_S, min_size=NODES * DEVICES, max_size=NODES * DEVICES), st.integers(1, DEVICES + 1))
def test_it_stands_where_the_fewest_ends_leave_it_a_place(ends: list[float | None], wanted: int) -> None:
    of = state(*[DEVICES] * NODES)
    for at, runtime_s in enumerate(ends):
        one = replace(job(f"job{at:02}"), max_runtime_s=runtime_s)
        of.restore(Running(one, (Slot(at // DEVICES, (at % DEVICES,)),), NOW_S))
    shape = job("first", wanted).shape

    def find() -> Placement | None:
        return of.cluster.find(shape)

    free = [list(row) for row in of.cluster.free_milli]
    found = expected_place(of, find, NOW_S, ())
    assert [list(row) for row in of.cluster.free_milli] == free
    expected = one_by_one(of, find)
    assert (None if found is None else (found.placement, found.starts_at_s)) == expected


def one_by_one(of: State, find: Callable[[], Placement | None]) -> tuple[Placement, float | None] | None:
    """The same, by letting one after the other end."""
    leaving = sorted(of.running.values(), key=lambda one: (ends_at_s(one, NOW_S), one.job.id))
    for one in leaving:
        of.cluster.give_back(one.job.shape, one.placement)
        place = find()
        if place is not None:
            return place, None if one.job.max_runtime_s is None else ends_at_s(one, NOW_S)
    return None
