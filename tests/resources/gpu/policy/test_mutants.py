"""The checker notices each rule that is broken: else it would prove nothing of those that hold."""

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from resources.errors import TrainplatError
from tests.checker.checker import violations
from tests.mutants import alive
from tests.resources.gpu.policy.histories import history_of
from tests.resources.gpu.policy.mutants import BROKEN, Broken
from tests.resources.gpu.policy.unit_mutants import BY_UNIT_TEST, Unnoticed

pytestmark = pytest.mark.uncounted

CHECKOUT = Path(__file__).resolve().parents[4]
RULE = re.compile(r"\b[A-Z]\d\b")
HISTORIES = 60
"""How many are looked at, should the one that showed the mutant once be another one by now."""


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.mutant.name)
def test_the_checker_notices_that_a_rule_is_broken(broken: Broken) -> None:
    with alive(broken.mutant):
        assert any(_shows(broken, number) for number in (broken.seed, *range(HISTORIES)))


@pytest.mark.parametrize("one", BY_UNIT_TEST, ids=lambda one: one.mutant.name)
def test_a_unit_test_notices_that_a_rule_is_broken(one: Unnoticed) -> None:
    module, _, name = one.test.partition(":")
    test = getattr(import_module(f"tests.resources.gpu.{module}"), name)
    _run(test)
    with alive(one.mutant), pytest.raises(AssertionError):
        _run(test)


def test_each_numbered_rule_of_the_manual_has_a_mutant() -> None:
    manual = (CHECKOUT / "docs" / "gpu-policy.md").read_text()
    listed = re.findall(r"^(?:\| |- \*\*)(.+?)(?: \||\*\*)", manual, re.MULTILINE)
    named = {rule for one in listed for rule in RULE.findall(one)}
    named |= {f"O{number}" for number in range(1, 6)} | {f"F{number}" for number in range(1, 6)}
    names = [one.mutant.name for one in BROKEN] + [one.mutant.name for one in BY_UNIT_TEST]
    mutated = {rule for name in names for rule in RULE.findall(name.partition(":")[0])}
    assert named - mutated == set()
    assert len(named) > 40


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


def _run(test: Callable[..., None]) -> None:
    """A test as pytest runs it, with each of its parameters."""
    marks = [one for one in getattr(test, "pytestmark", ()) if one.name == "parametrize"]
    if not marks:
        test()
        return
    [mark] = marks
    for given in mark.args[1]:
        values = given.values if isinstance(given, type(pytest.param())) else given
        test(*values)
