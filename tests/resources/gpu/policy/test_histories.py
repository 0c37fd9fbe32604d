"""Laws over random histories, seen by a checker that shares no code with the arbiter."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.checker.checker import violations
from tests.resources.gpu.policy.histories import Told, history_of
from tests.resources.gpu.policy.worlds import KINDS

pytestmark = pytest.mark.uncounted

FEW, MANY = 4, 400
CHECKER = Path(__file__).resolve().parents[3] / "checker"


@pytest.mark.parametrize("name", KINDS)
def test_no_history_breaks_a_law(name: str) -> None:
    for number in range(FEW):
        told = _history_of(number, name)
        assert violations(told.world, told.events) == [], f"history {number} of {name}"


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", KINDS)
def test_no_history_of_very_many_breaks_a_law(name: str, seed: int) -> None:
    for number in range(seed, seed + MANY):
        told = history_of(number, KINDS[name])
        assert violations(told.world, told.events) == [], f"history {number} of {name}"


def test_histories_are_full_of_events_of_each_kind() -> None:
    seen: Counter[str] = Counter()
    for name in KINDS:
        for number in range(FEW):
            told = _history_of(number, name)
            seen.update(f"{event.what} {event.rule}".strip() for event in told.events)
    grants = {f"grant A{number}" for number in range(1, 6)}
    stops = {f"stop P{number}" for number in range(1, 6)} | {"stop D1", "move D1"}
    waits = {f"wait {rule}" for rule in ("W1", "W3", "W4", "W5", "W6", "W8", "Q4", "Q5", "B1")}
    others = {"requeue", "end", "lose", "keep", "reserve", "refuse", "withdraw", "drain", "undrain"}
    assert not (grants | stops | waits | others) - set(seen), sorted(seen)


def test_the_checker_imports_nothing_of_ours() -> None:
    for path in CHECKER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            assert not any(name.partition(".")[0] == "resources" for name in names), path


@cache
def _history_of(number: int, name: str) -> Told:
    return history_of(number, KINDS[name])
