"""Whether a new model is better, and where it is not."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from resources.registry.comparing.verdict import Better, verdict_of
from resources.registry.evaluations.bootstrap import Difference, paired_difference
from tests.resources.registry.evaluations.examples import answers_of, measurement_of

OLD, NEW = answers_of(1, right=0.6), answers_of(2, right=0.9)
WAS, IS = measurement_of(OLD), measurement_of(NEW)


def test_a_model_that_is_clearly_better_is_called_so_and_its_parts_are_told() -> None:
    verdict = verdict_of(WAS, IS, paired_difference(OLD, NEW))
    assert verdict.says is Better.CLEARLY
    assert {*verdict.better, *verdict.worse} <= {
        part for part in (*verdict.better, *verdict.worse) if part.name in IS.slices
    }
    assert verdict_of(IS, WAS, paired_difference(NEW, OLD)).says is Better.NOT


def test_what_chance_may_have_made_is_open() -> None:
    assert verdict_of(WAS, IS, Difference(-0.1, 0.1, 0.3, 60)).says is Better.OPEN
    assert verdict_of(WAS, IS, None).says is Better.OPEN


def test_on_two_test_sets_no_part_is_compared() -> None:
    verdict = verdict_of(replace(WAS, test_set="other"), IS, None)
    assert (verdict.worse, verdict.better) == ((), ())


@given(st.integers(0, 200), st.integers(0, 200))
def test_turned_around_better_is_worse(first: int, second: int) -> None:
    one, other = (measurement_of(answers_of(1, right=0.7, seed=seed)) for seed in (first, second))
    there, back = verdict_of(one, other, None), verdict_of(other, one, None)
    assert {(part.name, -part.gain) for part in there.worse} == {
        (part.name, part.gain) for part in back.better
    }
    gains = [part.gain for part in there.worse]
    assert gains == sorted(gains)
    assert all(gain < 0 for gain in gains)
