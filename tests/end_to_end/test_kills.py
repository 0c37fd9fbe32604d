"""``kill -9`` of every kind of process at random moments of a round: the loop still ends the same."""

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from resources.home import Home
from tests.end_to_end.stack import DIGITS, Stack, stack_on
from tests.needs import needs
from trainplat_cli.demo.play import versions_of
from trainplat_cli.supervisor.model import PartName

pytestmark = [pytest.mark.end_to_end, pytest.mark.real, pytest.mark.timeout(1000)]

KINDS: dict[str, Callable[[Stack], bool]] = {
    "training": Stack.kill_training,
    "daemon": lambda stack: stack.kill_part(PartName.DAEMON),
    "code server": lambda stack: stack.kill_part(PartName.CODE_SERVER),
    "label studio": lambda stack: stack.kill_part(PartName.LABEL_STUDIO),
    "supervisor": Stack.kill_supervisor,
}
ROUNDS = 2
MOST_ROUNDS = 12
MOST_PAUSE_S = 15.0


@pytest.mark.slow
def test_one_kill_of_each_kind_in_two_rounds_changes_nothing_in_the_end(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("label studio")
    chance = random.Random(seed)
    kinds = list(KINDS)
    chance.shuffle(kinds)
    play_with_kills(Home(tmp_path / "home"), kinds, chance, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("part", [0, 1])
def test_ten_more_kills_of_all_kinds_change_nothing_in_the_end(
    part: int, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("label studio")
    chance = random.Random(f"{seed}-{part}")
    kinds = list(KINDS)
    chance.shuffle(kinds)
    play_with_kills(Home(tmp_path / "home"), kinds, chance, monkeypatch)


def play_with_kills(
    home: Home, kinds: list[str], chance: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Play two rounds while each of ``kinds`` is killed once, at moments that ``chance`` draws.

    A fast machine has two rounds behind it before the last pause is over: further ones follow until all
    kinds are killed.
    """
    monkeypatch.setenv("TRAINPLAT_HOME", str(home.path))
    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster))
    with stack_on(home, measured=False) as stack:
        over = threading.Event()
        left = list(kinds)
        killer = threading.Thread(target=_kill_each, args=(stack, left, chance, over))
        killer.start()
        try:
            rounds = _play_until_all_are_killed(stack, left, killer)
        finally:
            over.set()
            killer.join(300)
        assert left == [], f"{rounds} rounds were over before these were killed: {left}"
        made = list(versions_of(rounds))
        decisions = stack.registry().decisions(DIGITS)
        assert stack.sealed_versions() == made
        assert [one.version for one in decisions] == made
        assert [one.labels for one in decisions] == [100 + 50 * number for number in range(len(made))]
        assert sorted(stack.registered_versions()) == sorted(made)
        _wait_for_no_lease(stack)


def _play_until_all_are_killed(stack: Stack, left: list[str], killer: threading.Thread) -> int:
    """Play the rounds, and returns how many there were."""
    stack.play(ROUNDS)
    rounds = ROUNDS
    while left and killer.is_alive() and rounds < MOST_ROUNDS:
        rounds += 1
        stack.play(rounds)
    return rounds


def _kill_each(stack: Stack, left: list[str], chance: random.Random, over: threading.Event) -> None:
    while left and not over.wait(chance.uniform(1, MOST_PAUSE_S)):
        # A training lives for a few seconds only: it is looked for until one is met.
        while not over.is_set() and not KINDS[left[0]](stack):
            time.sleep(0.3)
        if not over.is_set():
            left.pop(0)


def _wait_for_no_lease(stack: Stack) -> None:
    deadline = time.monotonic() + 300  # the last questions and the last report are still being made
    while stack.leases() and time.monotonic() < deadline:
        time.sleep(1)
    assert stack.leases() == []
