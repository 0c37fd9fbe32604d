"""The checker notices each rule that is broken: else it would prove nothing of those that hold."""

import pytest

from resources.errors import TrainplatError
from tests.checker.checker import violations
from tests.mutants import Mutant, alive
from tests.resources.gpu.policy import test_decide
from tests.resources.gpu.policy.histories import history_of
from tests.resources.gpu.policy.mutants import BROKEN, BY_UNIT_TEST, Broken

HISTORIES = 60
"""How many are looked at, should the one that showed the mutant once be another one by now."""


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.mutant.name)
def test_the_checker_notices_that_a_rule_is_broken(broken: Broken) -> None:
    with alive(broken.mutant):
        assert any(_shows(broken, number) for number in (broken.seed, *range(HISTORIES)))


@pytest.mark.parametrize(("mutant", "name"), BY_UNIT_TEST)
def test_a_unit_test_notices_that_a_rule_is_broken(mutant: Mutant, name: str) -> None:
    with alive(mutant), pytest.raises(AssertionError):
        getattr(test_decide, name)()


def test_a_mutant_is_gone_after_its_test() -> None:
    broken = next(one for one in BROKEN if one.mutant.name.startswith("P4: nobody"))
    with alive(broken.mutant):
        told = history_of(broken.seed, broken.kind)
        assert violations(told.world, told.events)
    told = history_of(broken.seed, broken.kind)
    assert violations(told.world, told.events) == []


def _shows(broken: Broken, number: int) -> bool:
    try:
        told = history_of(number, broken.kind)
    except TrainplatError:
        return broken.guarded  # the index itself refuses to give that out
    return bool(violations(told.world, told.events))
