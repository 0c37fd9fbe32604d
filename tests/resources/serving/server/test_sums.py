"""What an endpoint counts goes on when another version takes over."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from resources.serving.server.sums import Sums


@dataclass
class Pool:
    requests: int = 0
    answered: int = 0
    busy_s: float = 0.0


def test_a_version_that_takes_over_brings_nothing_of_what_it_was_asked_before() -> None:
    old, new, sums = Pool(5000, 5000, 50.0), Pool(1000, 900, 9.0), Sums()
    sums.add([old])
    old.requests, new.requests = 5010, 1005
    sums.add([old, new])
    assert sums.requests == 10
    old.requests, new.requests, new.busy_s = 5020, 1007, 9.5
    sums.add([old, new])
    assert (sums.requests, sums.busy_s) == (22, 0.5)
    new.requests = 1008
    sums.add([new])
    assert sums.requests == 23


@given(st.lists(st.tuples(st.sampled_from([(0,), (1,), (0, 1), ()]), st.integers(0, 9), st.integers(0, 9))))
def test_sums_never_fall_and_hold_what_came_to_versions_while_they_answered(
    course: list[tuple[tuple[int, ...], int, int]],
) -> None:
    pools, sums, expected, before = (Pool(), Pool()), Sums(), 0, set[int]()
    for serving, first, second in course:
        for pool, came in zip(pools, (first, second), strict=True):
            pool.requests += came
        expected += sum((first, second)[one] for one in serving if one in before)
        before = set(serving)
        sums.add([pools[one] for one in serving])
        assert sums.requests == expected
