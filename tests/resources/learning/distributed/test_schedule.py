"""The learning rate by step."""

from math import isclose

from hypothesis import given
from hypothesis import strategies as st

from resources.learning.distributed.schedule import learning_rate
from tests.resources.learning.distributed.plans import tiny


def test_it_rises_in_a_line_and_falls_to_the_share_that_is_left() -> None:
    plan = tiny(steps=100, warmup_steps=4, learning_rate=0.4, last_rate_share=0.25)
    assert [round(learning_rate(plan, step), 6) for step in range(5)] == [0.1, 0.2, 0.3, 0.4, 0.4]
    assert isclose(learning_rate(plan, 99), 0.1)


@given(steps=st.integers(1, 200), data=st.data(), share=st.floats(0, 1))
def test_it_has_its_highest_at_the_end_of_the_warm_up(steps: int, data: st.DataObject, share: float) -> None:
    warmup = data.draw(st.integers(0, steps))
    plan = tiny(steps=steps, warmup_steps=warmup, last_rate_share=share)
    rates = [learning_rate(plan, step) for step in range(steps)]
    assert all(0 <= rate <= plan.learning_rate * (1 + 1e-12) for rate in rates)
    assert rates[:warmup] == sorted(rates[:warmup])
    assert rates[warmup:] == sorted(rates[warmup:], reverse=True)
    assert isclose(max(rates), plan.learning_rate)
