"""A pool with real replicas: requests are answered whatever dies."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from resources.errors import BadInput, NotFound, Unavailable
from resources.serving.frames import encoded
from resources.serving.replicas.model import Format, Loading
from resources.serving.server.nurse import Born, Nurse
from resources.serving.server.pool import Limits, Overloaded, Pool
from resources.serving.server.replica import ModelFailed, Replica
from resources.serving.tensors import Array
from tests.resources.serving.homes import CLASSES, SAMPLES, saying, weights
from tests.resources.serving.server.conftest import until

GIVEN = {"samples": SAMPLES}


def pool(nurse: Nurse, path: Path, limits: Limits | None = None, sha256: str = "") -> Pool:
    async def start(lost: Callable[[Replica], None]) -> Replica:
        loading = Loading(Format.WEIGHTS, str(path), sha256)
        return await Replica.start(nurse, loading, {}, ready_s=60, lost=lost)

    return Pool(start, limits or Limits())


def labels(said: dict[str, Array]) -> list[str]:
    return [str(label) for label in said["label"]]


def test_requests_of_one_moment_are_one_batch_and_each_gets_its_own_answers(
    runner: asyncio.Runner, nurse: Nurse, place: Callable[[bytes], Path]
) -> None:
    async def ask() -> None:
        model = pool(nurse, place(weights(3)))
        model.keep(1)
        alone = [await model.answer({"samples": SAMPLES[at : at + 1]}) for at in range(3)]
        asked: list[int] = []
        replica = model.replicas[0]
        real = replica.ask

        def counted(given: dict[str, Array], answered: object) -> None:
            asked.append(len(given["samples"]))
            real(given, answered)  # type: ignore[arg-type]

        replica.ask = counted  # type: ignore[method-assign, assignment]
        together = await asyncio.gather(*(model.answer({"samples": SAMPLES[at : at + 1]}) for at in range(3)))
        assert asked == [3]
        for one, other in zip(alone, together, strict=True):
            assert labels(one) == labels(other)
            assert np.allclose(one["probabilities"], other["probabilities"], atol=1e-6)
        assert model.classes == CLASSES
        model.close()

    runner.run(ask())


def test_a_replica_that_is_killed_under_load_fails_no_request(
    runner: asyncio.Runner, nurse: Nurse, place: Callable[[bytes], Path]
) -> None:
    async def ask() -> list[str]:
        model = pool(nurse, place(saying(4)))
        model.keep(2)
        await until(lambda: len(model.replicas) == 2)
        answers = [asyncio.ensure_future(model.answer(GIVEN)) for _ in range(300)]
        for _ in range(3):
            await asyncio.sleep(0.005)
            os.kill(model.replicas[0].pid, signal.SIGKILL)
            answers += [asyncio.ensure_future(model.answer(GIVEN)) for _ in range(100)]
            await until(lambda: bool(model.replicas))
        said = await asyncio.gather(*answers)
        await until(lambda: len(model.replicas) == 2)  # the others were replaced
        model.close()
        return [label for one in said for label in labels(one)]

    assert runner.run(ask()) == ["4"] * 3 * 600


def test_a_replica_that_hangs_is_killed_and_another_one_answers(
    runner: asyncio.Runner, nurse: Nurse, place: Callable[[bytes], Path]
) -> None:
    async def ask() -> None:
        model = pool(nurse, place(saying(4)), Limits(answer_s=0.3))
        model.keep(1)
        await until(lambda: bool(model.replicas))
        hanging = model.replicas[0]
        os.kill(hanging.pid, signal.SIGSTOP)
        answer = asyncio.ensure_future(model.answer(GIVEN))

        async def look() -> None:
            model.keep(1)

        await until(answer.done, look)
        assert labels(answer.result()) == ["4"] * 3
        assert hanging.is_lost
        model.close()

    runner.run(ask())


def test_a_request_of_which_replicas_die_is_given_up_and_others_are_answered(
    runner: asyncio.Runner, nurse: Nurse, place: Callable[[bytes], Path]
) -> None:
    async def ask() -> None:
        model = pool(nurse, place(saying(4)))
        model.keep(1)
        await until(lambda: bool(model.replicas))
        poison = np.full_like(SAMPLES[:1], 255)
        real = Replica.ask

        def deadly(self: Replica, given: dict[str, Array], answered: object) -> None:
            is_poison = (given["samples"] == 255).all(axis=(1, 2)).any()
            if is_poison:
                os.kill(self.pid, signal.SIGSTOP)  # it answers nothing before it is dead
            real(self, given, answered)  # type: ignore[arg-type]
            if is_poison:
                os.kill(self.pid, signal.SIGKILL)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Replica, "ask", deadly)
            bad = asyncio.ensure_future(model.answer({"samples": poison}))
            good = [asyncio.ensure_future(model.answer(GIVEN)) for _ in range(5)]
            said = await asyncio.gather(*good)
            with pytest.raises(ModelFailed, match="3 replicas in a row died or hung"):
                await bad
        assert all(labels(one) == ["4"] * 3 for one in said)
        model.close()

    runner.run(ask())


def test_more_than_may_wait_is_refused_at_once_and_the_rest_is_answered(
    runner: asyncio.Runner, nurse: Nurse, place: Callable[[bytes], Path]
) -> None:
    async def ask() -> None:
        model = pool(nurse, place(saying(4)), Limits(queue_rows=9))
        model.keep(1)
        await until(lambda: bool(model.replicas))
        os.kill(model.replicas[0].pid, signal.SIGSTOP)
        answers: list[asyncio.Future[dict[str, Array]]] = []

        async def more() -> None:
            answers.append(asyncio.ensure_future(model.answer(GIVEN)))

        await until(lambda: any(one.done() for one in answers), more)
        with pytest.raises(Overloaded, match="samples wait for this model; at most 9 may"):
            await next(one for one in answers if one.done())
        os.kill(model.replicas[0].pid, signal.SIGCONT)
        done = await asyncio.gather(*answers, return_exceptions=True)
        refused = [one for one in done if isinstance(one, Overloaded)]
        assert 0 < len(refused) < len(answers)
        assert all(labels(one) == ["4"] * 3 for one in done if isinstance(one, dict))
        assert len(refused) + sum(isinstance(one, dict) for one in done) == len(done)
        model.close()

    runner.run(ask())


def test_weights_that_are_damaged_or_gone_are_told_to_who_asks(
    runner: asyncio.Runner, nurse: Nurse, tmp_path: Path, place: Callable[[bytes], Path]
) -> None:
    async def ask(model: Pool) -> None:
        try:
            await model.answer(GIVEN)
        finally:
            model.close()

    with pytest.raises(BadInput, match="cannot be loaded: 7 bytes are not the weights of a model"):
        runner.run(ask(pool(nurse, place(b"garbage"))))
    with pytest.raises(BadInput, match=r"have the digest \w+; expected aaaaaaaaaaaa"):
        runner.run(ask(pool(nurse, place(saying(1)), sha256="a" * 64)))
    with pytest.raises((BadInput, NotFound), match="are gone"):
        runner.run(ask(pool(nurse, tmp_path / "nothing")))


def test_one_that_does_not_load_in_time_is_ended(
    runner: asyncio.Runner, nurse: Nurse, place: Callable[[bytes], Path]
) -> None:
    async def start() -> None:
        loading = Loading(Format.WEIGHTS, str(place(saying(1))))
        await Replica.start(nurse, loading, {}, ready_s=0.0, lost=lambda _: None)

    with pytest.raises(Unavailable, match="did not load within 0 s"):
        runner.run(start())


def test_a_pool_that_was_let_go_comes_back_with_the_next_request(
    runner: asyncio.Runner, nurse: Nurse, place: Callable[[bytes], Path]
) -> None:
    async def ask() -> None:
        model = pool(nurse, place(saying(4)))
        assert labels(await model.answer(GIVEN)) == ["4"] * 3
        model.keep(0)
        assert model.replicas == []
        assert labels(await model.answer(GIVEN)) == ["4"] * 3
        assert len(model.replicas) == 1
        await model.drain(1)
        assert model.replicas == []

    runner.run(ask())


def test_what_waits_in_a_pool_that_is_let_go_is_answered_though_its_replica_dies(
    runner: asyncio.Runner, nurse: Nurse, place: Callable[[bytes], Path]
) -> None:
    async def ask() -> None:
        model = pool(nurse, place(saying(4)))
        model.keep(1)
        await until(lambda: bool(model.replicas))
        last = model.replicas[0]
        os.kill(last.pid, signal.SIGSTOP)
        answers = [asyncio.ensure_future(model.answer(GIVEN)) for _ in range(10)]
        await until(lambda: bool(last.waiting))
        draining = asyncio.ensure_future(model.drain(60))
        await asyncio.sleep(0.05)
        os.kill(last.pid, signal.SIGKILL)
        assert [labels(one) for one in await asyncio.gather(*answers)] == [["4"] * 3] * 10
        await draining
        assert model.replicas == []

    runner.run(ask())


def test_a_start_that_fails_in_a_way_that_nobody_thought_of_is_told_to_who_waits(
    runner: asyncio.Runner,
) -> None:
    async def ask() -> None:
        async def start(_: Callable[[Replica], None]) -> Replica:
            raise OSError(28, "No space left on device")

        model = Pool(start, Limits())
        with pytest.raises(Unavailable, match=r"could not be started: .*No space left on device"):
            await model.answer(GIVEN)
        assert model.problem is not None
        model.close()

    runner.run(ask())


def test_who_waits_too_long_for_a_model_that_was_loaded_before_is_told_so(
    runner: asyncio.Runner, nurse: Nurse, place: Callable[[bytes], Path]
) -> None:
    async def ask() -> None:
        model = pool(nurse, place(saying(4)), Limits(wait_s=0.2))
        model.keep(1)
        await until(lambda: bool(model.replicas))
        model.keep(0)

        async def never(_: Callable[[Replica], None]) -> Replica:
            await asyncio.sleep(600)
            raise AssertionError

        model._start = never
        answer = asyncio.ensure_future(model.answer(GIVEN))

        async def look() -> None:
            model.keep(1)

        await until(answer.done, look)
        with pytest.raises(Unavailable, match=r"no replica was ready within 0\.2 s"):
            await answer
        model.close()

    runner.run(ask())


def test_a_batch_that_lay_ready_counts_as_begun_when_the_one_before_it_was_answered() -> None:
    async def ask() -> None:
        with socket.socket() as link:
            replica = Replica(Born(os.getpid(), link, -1), Loading(Format.WEIGHTS, ""), lambda _: None)
        replica.ask(GIVEN, lambda _: None)
        replica.ask(GIVEN, lambda _: None)
        begun = time.monotonic()
        assert replica.busy_for_s(begun + 20) >= 20
        replica.data_received(encoded({"id": 1, "took_s": 20}, GIVEN))
        answered = time.monotonic()
        assert replica.busy_for_s(answered) <= answered - begun
        replica.data_received(encoded({"id": 2, "took_s": 0}, GIVEN))
        assert replica.busy_for_s(answered + 20) == 0.0

    asyncio.run(ask())


@pytest.mark.slow
def test_a_start_that_is_given_up_leaves_the_nursery_in_order(
    runner: asyncio.Runner, tmp_path: Path, place: Callable[[bytes], Path]
) -> None:
    async def ask() -> None:
        nurse = Nurse(tmp_path / "log")
        loading = Loading(Format.WEIGHTS, str(place(saying(4))))
        given_up = asyncio.ensure_future(nurse.replica(loading, {}))
        await asyncio.sleep(0.05)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        replica = await Replica.start(nurse, loading, {}, ready_s=60, lost=lambda _: None)
        (child,) = psutil.Process(nurse.pid).children()
        assert replica.pid == child.pid
        replica.kill()
        nurse.close()

    runner.run(ask())


def test_what_the_model_cannot_take_reaches_no_replica(
    runner: asyncio.Runner, nurse: Nurse, place: Callable[[bytes], Path]
) -> None:
    async def ask() -> None:
        model = pool(nurse, place(saying(4)))
        try:
            await model.answer({"samples": np.zeros((1, 5, 5))})
        finally:
            assert [replica.waiting for replica in model.replicas] == [0]
            model.close()

    with pytest.raises(BadInput, match="has the shape"):
        runner.run(ask())


@pytest.mark.slow
def test_a_nursery_that_is_killed_is_replaced_and_its_replicas_live_on(
    runner: asyncio.Runner, tmp_path: Path, place: Callable[[bytes], Path]
) -> None:
    async def ask() -> None:
        nurse = Nurse(tmp_path / "log")
        model = pool(nurse, place(saying(4)))
        model.keep(1)
        await until(lambda: bool(model.replicas))
        first = model.replicas[0]
        assert nurse.pid is not None
        os.kill(nurse.pid, signal.SIGKILL)
        assert labels(await model.answer(GIVEN)) == ["4"] * 3
        assert model.replicas == [first]
        os.kill(first.pid, signal.SIGKILL)
        assert labels(await model.answer(GIVEN)) == ["4"] * 3
        model.close()
        nurse.close()

    runner.run(ask())
