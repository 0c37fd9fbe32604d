"""The front and the choice: laws over what was measured."""

from hypothesis import given
from hypothesis import strategies as st

from resources.learning.settings import TrainSettings
from resources.learning.structure.choosing import choose, front_of
from resources.learning.structure.model import Candidate, Measured, Structure, better_on

CANDIDATE = Candidate(Structure(16, 0), False, TrainSettings())
REFERENCE = Measured(0, CANDIDATE, 0.9, 0.4, 1.0, 1000)


def measured(number: int, accuracy: float, loss: float, ratio: float, size: int) -> Measured:
    return Measured(number, CANDIDATE, accuracy, loss, ratio, size)


some = st.lists(
    st.tuples(
        st.sampled_from([0.8, 0.9, 0.95]),
        st.sampled_from([0.2, 0.39, 0.4, 0.5]),
        st.sampled_from([0.5, 1.0, 2.0]),
        st.sampled_from([500, 1000, 2000]),
    ),
    max_size=6,
).map(lambda rows: [REFERENCE, *(measured(n, *row) for n, row in enumerate(rows, 1))])


@given(some)
def test_none_on_the_front_is_dominated_and_each_other_is(found: list[Measured]) -> None:
    front = front_of(found)
    assert front
    for one in found:
        at_least_as_good = [
            other
            for other in front
            if other.accuracy >= one.accuracy
            and other.latency_ratio <= one.latency_ratio
            and other.parameters <= one.parameters
        ]
        assert at_least_as_good


@given(some)
def test_what_is_chosen_loses_nothing_and_is_ahead_somewhere(found: list[Measured]) -> None:
    chosen = choose(found, REFERENCE)
    if chosen is None:
        return
    assert chosen.number != 0
    assert chosen.accuracy >= REFERENCE.accuracy
    assert chosen.loss <= REFERENCE.loss
    assert better_on(chosen, REFERENCE) or chosen.loss < REFERENCE.loss


def test_a_larger_one_that_is_no_better_is_not_chosen() -> None:
    assert choose([REFERENCE, measured(1, 0.9, 0.39, 2.0, 2000)], REFERENCE) is None
    smaller = measured(2, 0.9, 0.39, 0.6, 500)
    assert choose([REFERENCE, smaller, measured(1, 0.9, 0.39, 2.0, 2000)], REFERENCE) == smaller
    assert better_on(smaller, REFERENCE) == ["latency", "size"]
