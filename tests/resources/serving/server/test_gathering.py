"""How long a batch waits for more: a share of what each batch costs, and not where samples cost it all."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.serving.server.gathering import MOST_SHARE, WORTH_S, Gathering
from resources.serving.server.nurse import Nurse
from resources.serving.server.pool import EARLY_ROWS, Limits, Pool
from resources.serving.server.replica import Replica
from resources.serving.tensors import Array
from tests.resources.serving.homes import SAMPLES, saying
from tests.resources.serving.server.conftest import until
from tests.resources.serving.server.test_pool import labels, pool

ONE = {"samples": SAMPLES[:1]}


@given(
    fixed_ms=st.floats(0, 100),
    by_row_ms=st.floats(0, 10),
    batches=st.lists(st.integers(1, 64), min_size=2, max_size=30).filter(
        lambda rows: len({one.bit_length() for one in rows}) > 1
    ),
)
def test_the_fixed_part_is_found_from_batches_of_different_sizes(
    fixed_ms: float, by_row_ms: float, batches: list[int]
) -> None:
    seen = Gathering(64)
    for rows in batches:
        seen.add(rows, (fixed_ms + by_row_ms * rows) / 1e3)
    assert seen.fixed_s * 1e3 == pytest.approx(fixed_ms, abs=1e-6)
    assert seen.is_worth_it == (seen.fixed_s >= WORTH_S)
    assert seen.longest_s <= MOST_SHARE * seen.fixed_s + 1e-12


def test_a_model_whose_time_is_all_in_its_samples_waits_for_nobody() -> None:
    seen = Gathering(64)
    for rows in (1, 3, 60):
        seen.add(rows, 0.05 * rows)
    assert not seen.is_worth_it


def test_a_model_of_which_nothing_is_known_waits_for_nobody() -> None:
    assert not Gathering(64).is_worth_it


@given(st.lists(st.integers(1, 500), min_size=1, max_size=20), st.integers(0, 600), st.integers(0, 9))
def test_enough_is_what_was_asked_at_once_but_at_least_one_and_at_most_a_batch(
    outstanding: list[int], at_work: int, free: int
) -> None:
    seen = Gathering(64)
    for rows in outstanding:
        seen.seen(rows)
    assert 1 <= seen.enough_rows(at_work, free) <= 64
    assert seen.enough_rows(0, 1) >= min(64, outstanding[-1])


def test_those_who_left_are_soon_forgotten() -> None:
    seen = Gathering(64)
    seen.seen(64)
    for _ in range(6):
        seen.seen(1)
    assert seen.enough_rows(0, 1) == 1


@pytest.fixture
def slow(runner: asyncio.Runner, nurse: Nurse, place: Callable[[bytes], Path]) -> Pool:
    """A pool with one replica, of a model whose batches cost four seconds each, as far as it knows."""

    async def load() -> Pool:
        model = pool(nurse, place(saying(4)), Limits(batch_rows=10))
        model.keep(1)
        await until(lambda: bool(model.replicas))
        model.gathering.add(1, 4.0)
        model.gathering.add(8, 4.0)
        return model

    return runner.run(load())


def counted(replica: Replica) -> list[int]:
    """The rows of each batch that it is asked from now on."""
    asked: list[int] = []
    real = replica.ask

    def ask(given: dict[str, Array], answered: object) -> None:
        asked.append(len(given["samples"]))
        real(given, answered)  # type: ignore[arg-type]

    replica.ask = ask  # type: ignore[method-assign, assignment]
    return asked


def test_those_who_come_back_one_after_the_other_are_one_batch(runner: asyncio.Runner, slow: Pool) -> None:
    async def ask() -> None:
        asked = counted(slow.replicas[0])
        slow.gathering.seen(5)
        answers = []
        for _ in range(5):
            answers.append(asyncio.ensure_future(slow.answer(ONE)))
            await asyncio.sleep(0.02)
        assert [labels(one) for one in await asyncio.gather(*answers)] == [["4"]] * 5
        assert asked == [5]
        slow.close()

    runner.run(ask())


def test_who_stays_away_is_waited_for_only_a_moment(runner: asyncio.Runner, slow: Pool) -> None:
    async def ask() -> None:
        asked = counted(slow.replicas[0])
        slow.gathering.seen(5)
        assert labels(await slow.answer(ONE)) == ["4"]
        assert asked == [1]
        slow.close()

    runner.run(ask())


def test_what_comes_while_a_slow_model_works_is_one_batch_and_a_full_one_lies_ready(
    runner: asyncio.Runner, slow: Pool
) -> None:
    async def ask() -> None:
        asked = counted(slow.replicas[0])
        os.kill(slow.replicas[0].pid, signal.SIGSTOP)
        answers = [asyncio.ensure_future(slow.answer(ONE))]
        await until(lambda: asked == [1])
        for _ in range(9):
            answers.append(asyncio.ensure_future(slow.answer(ONE)))
            await asyncio.sleep(0.01)
        assert asked == [1]
        answers += [asyncio.ensure_future(slow.answer(ONE)) for _ in range(3)]
        await until(lambda: asked == [1, 10])
        os.kill(slow.replicas[0].pid, signal.SIGCONT)
        await asyncio.gather(*answers)
        assert asked == [1, 10, 2]
        slow.close()

    runner.run(ask())


def test_a_quick_model_begins_while_the_rest_of_a_crowd_is_read(
    runner: asyncio.Runner, nurse: Nurse, place: Callable[[bytes], Path]
) -> None:
    async def ask() -> None:
        model = pool(nurse, place(saying(4)))
        model.keep(1)
        await until(lambda: bool(model.replicas))
        asked = counted(model.replicas[0])
        await asyncio.gather(*(model.answer(ONE) for _ in range(EARLY_ROWS + 4)))
        assert asked == [EARLY_ROWS, 4]
        model.close()

    runner.run(ask())
