"""The replicas of one model version, and the requests that wait for them."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from resources.errors import TrainplatError, Unavailable
from resources.serving.server.counting import Counts
from resources.serving.server.gathering import Gathering
from resources.serving.server.replica import Lost, ModelFailed, Replica
from resources.serving.tensors import Array, Tensors, TensorSpec, checked

Start = Callable[[Callable[[Replica], None]], Awaitable[Replica]]
"""Starts a replica that tells when it is lost."""

EARLY_ROWS = 16
"""With so many a free replica begins while the rest of what came in this turn of the loop is read."""
MOST_TRIES = 3
"""So many replicas may die of a request before it is given up."""
BACKOFF_S = (0.0, 1.0, 2.0, 5.0, 15.0, 30.0)
"""Before the next start after so many failures in a row."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What holds for each model."""

    batch_rows: int = 64
    """Samples that a model is given at once; a request with more is a batch of its own."""
    batches_ahead: int = 2
    """How many a replica has at a time: the next one lies ready when it has answered."""
    queue_rows: int = 4096
    """Samples that may wait; a request that comes then is refused."""
    answer_s: float = 30.0
    """How long a batch may take before its replica counts as hanging."""
    load_s: float = 120.0
    """How long a model may take to load."""
    wait_s: float = 60.0
    """How long a request waits for a replica."""


class Overloaded(Unavailable):
    """More waits than may: ask again later."""


@dataclass(eq=False)
class _Item:
    given: dict[str, Array]
    rows: int
    answer: "asyncio.Future[dict[str, Array]]"
    asked_at_s: float
    tries: int = 0
    is_alone: bool = False
    """Whether it is no more asked together with others, since one of them is at fault."""


@dataclass(eq=False)
class _Wait:
    """A batch that waits for more samples."""

    ends_at_s: float
    has_more: bool = False
    """Whether more came since it was last looked."""
    is_over: bool = False


class Pool:
    """Answers requests for one model version by as many replicas as it is told to have."""

    def __init__(self, start: Start, limits: Limits) -> None:
        self.limits = limits
        self.replicas: list[Replica] = []
        self.counts = Counts()
        """Of requests, as those who asked see them."""
        self.requests = 0
        self.answered = 0
        """How many came and how many a replica answered, since it was made."""
        self.wanted = 0
        self.starting = 0
        self.waits_for = ""
        """Why a replica that starts has no devices yet; empty where none waits."""
        self.makes_room = ""
        """Why a replica gives its devices back; empty where none does."""
        self.problem: TrainplatError | None = None
        """Why the newest start failed; None after one that succeeded."""
        self.asked_at_s = time.monotonic()
        """When somebody last asked."""
        self.inputs: tuple[TensorSpec, ...] = ()
        self.outputs: tuple[TensorSpec, ...] = ()
        self.classes: tuple[str, ...] = ()
        self._start = start
        self._queue: deque[_Item] = deque()
        self._queued_rows = 0
        self._is_due = False
        self._rows_at_work = 0
        self.gathering = Gathering(limits.batch_rows)
        """What its batches so far tell about the next one."""
        self._wait: _Wait | None = None
        self._failures = 0
        self._busy_before_s = 0.0
        self._next_start_s = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._leaving: dict[Replica, float] = {}
        """Replicas that only finish what they were asked, and until when they may."""
        self._changed = asyncio.Event()
        self._awaiting = 0
        """Who waits for a replica before it can be said what the model takes."""
        self._bare_since_s = time.monotonic()
        """When the last replica went."""

    @property
    def is_ready(self) -> bool:
        """Whether a request would be answered now."""
        return bool(self.replicas)

    @property
    def waiting_rows(self) -> int:
        """Samples that no replica has taken yet."""
        return self._queued_rows

    @property
    def waiting_requests(self) -> int:
        """Requests that no replica has taken yet."""
        return len(self._queue)

    @property
    def busy_s(self) -> float:
        """How long replicas were at work, those that are gone too."""
        return self._busy_before_s + sum(replica.busy_s for replica in self.replicas)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for an answer, or for a replica."""
        asked = (*self.replicas, *self._leaving)
        return not self._queue and not self._awaiting and not any(one.waiting for one in asked)

    async def answer(self, given: Tensors) -> dict[str, Array]:
        """What the model says. One that is not loaded is waited for.

        Raises :class:`BadInput` for what the model cannot take,
        :class:`ModelFailed`, :class:`Overloaded`, and :class:`Unavailable` where no replica answers.
        """
        began_s = self.asked_at_s = time.monotonic()
        self.requests += 1
        if not self.replicas:
            await self._wake()
        fitting = checked(given, self.inputs)
        rows = len(next(iter(fitting.values())))
        if self._queued_rows and self._queued_rows + rows > self.limits.queue_rows:
            raise Overloaded(
                f"{self._queued_rows} samples wait for this model; at most {self.limits.queue_rows} may",
                "Ask again in a second, or let it have more replicas.",
            )
        item = _Item(fitting, rows, asyncio.get_running_loop().create_future(), began_s)
        self._put(item)
        failed = True
        try:
            said = await item.answer
            failed = False
        finally:
            item.answer.cancel()  # of a client that hung up: nobody waits for it
            self.counts.add(time.monotonic() - began_s, failed=failed)
        return said

    async def until_ready(self, wait_s: float) -> None:
        """Wait for a replica. Raises why none can be had, and :class:`Unavailable` after ``wait_s``."""
        self._awaiting += 1
        try:
            async with asyncio.timeout(wait_s):
                while not self.replicas:
                    self._changed.clear()
                    if self.problem is not None:
                        raise self.problem
                    await self._changed.wait()
        except TimeoutError:
            raise self._not_ready(wait_s) from None
        finally:
            self._awaiting -= 1

    def keep(self, wanted: int) -> None:
        """Have so many replicas from now on: start what is missing, let go what is too many, kill what hangs.

        Called again and again.
        """
        now_s = time.monotonic()
        self.wanted = wanted
        for replica in [one for one in self.replicas if one.busy_for_s(now_s) > self.limits.answer_s]:
            replica.kill()
        for replica in [one for one, until_s in self._leaving.items() if not one.waiting or now_s > until_s]:
            del self._leaving[replica]
            replica.kill()
        for replica in [one for one in self.replicas if not one.waiting][
            : max(0, len(self.replicas) - wanted)
        ]:
            self._drop(replica)
            replica.kill()
        self._give_up(now_s)
        if now_s < self._next_start_s:
            return
        for _ in range(wanted - len(self.replicas) - self.starting):
            self.starting += 1
            task = asyncio.get_running_loop().create_task(self._begin())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def let_go(self, replica: Replica, within_s: float) -> None:
        """Ask it nothing more, and end it once it has answered, or after ``within_s``."""
        if replica in self.replicas:
            self._drop(replica)
            self._leaving[replica] = time.monotonic() + within_s

    async def drain(self, wait_s: float) -> None:
        """Let what was asked be answered, for at most ``wait_s``, then end all replicas."""
        deadline = time.monotonic() + wait_s
        while not self.is_idle and time.monotonic() < deadline:
            self.keep(1 if self._queue or self._awaiting else 0)  # one that dies meanwhile is replaced
            await asyncio.sleep(0.02)
        self.close()

    def close(self) -> None:
        """End all replicas now; what waits is told so."""
        self.wanted = 0
        for task in self._tasks:
            task.cancel()
        replicas, self.replicas = [*self.replicas, *self._leaving], []
        self._leaving = {}
        for replica in replicas:
            replica.kill()
        self.problem = Unavailable("the model is being stopped", "Ask again.")
        self._changed.set()
        self._fail_waiting(self.problem)

    async def _wake(self) -> None:
        """Let one that had no replica get one; what its inputs are is known once it was loaded."""
        if self.problem is not None and not self.starting:
            raise self.problem
        self.keep(max(1, self.wanted))
        if not self.inputs:
            await self.until_ready(self.limits.wait_s)

    async def _begin(self) -> None:
        try:
            replica = await self._start(self._lose)
        except TrainplatError as problem:
            self._failed(problem)
        except Exception as problem:  # noqa: BLE001 - a full disk, a fault of ours: who waits is told
            _log.exception("a replica could not be started")
            self._failed(
                Unavailable(
                    f"the model could not be started: {type(problem).__name__}: {problem}",
                    "See the log of the server, and ask again.",
                )
            )
        else:
            self._failures, self.problem = 0, None
            self.inputs, self.outputs, self.classes = replica.inputs, replica.outputs, replica.classes
            self.replicas.append(replica)
            self._soon()
        finally:
            self.starting -= 1
            self._changed.set()

    def _failed(self, problem: TrainplatError) -> None:
        self._failures += 1
        self._next_start_s = time.monotonic() + BACKOFF_S[min(self._failures, len(BACKOFF_S) - 1)]
        self.problem = problem
        if not self.replicas:
            self._fail_waiting(problem)

    def _lose(self, replica: Replica) -> None:
        self._leaving.pop(replica, None)
        if replica in self.replicas:
            self._drop(replica)
            self.keep(self.wanted)

    def _drop(self, replica: Replica) -> None:
        self.replicas.remove(replica)
        self._busy_before_s += replica.busy_s
        self._bare_since_s = time.monotonic()

    def _put(self, item: _Item, *, first: bool = False) -> None:
        (self._queue.appendleft if first else self._queue.append)(item)
        self._queued_rows += item.rows
        if self._wait is not None:
            self._wait.has_more = True
        if self._queued_rows >= EARLY_ROWS and not first:
            self._dispatch()
        else:
            self._soon()

    def _soon(self) -> None:
        """Look for work once all that came in this turn of the loop is in the queue: it is one batch."""
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._dispatch)

    def _dispatch(self) -> None:
        self._is_due = False
        while self._queue:
            free = min(self.replicas, key=lambda one: one.waiting, default=None)
            if free is None or free.waiting >= self.limits.batches_ahead or self._is_early(free):
                return
            self.gathering.seen(self._queued_rows + self._rows_at_work)
            self._wait = None
            batch = self._batch()
            if batch:
                self._ask(free, batch)

    def _is_early(self, free: Replica) -> bool:
        """Whether the next batch of a slow model waits for more samples: see :mod:`.gathering`."""
        if not self.gathering.is_worth_it or self._queue[0].is_alone:
            return False
        if self._queued_rows >= self.limits.batch_rows:
            return False
        if free.waiting:
            return True  # it is at work: until it is done more may come
        idle = sum(not one.waiting for one in self.replicas)
        if self._queued_rows >= self.gathering.enough_rows(self._rows_at_work, idle):
            return False
        if self._wait is None:
            self._wait = _Wait(time.monotonic() + self.gathering.longest_s)
            self._look_later(self._wait)
        return not self._wait.is_over

    def _look_later(self, wait: "_Wait") -> None:
        loop = asyncio.get_running_loop()

        def look() -> None:
            if wait is not self._wait:
                return
            if wait.has_more and time.monotonic() < wait.ends_at_s:
                wait.has_more = False
                self._look_later(wait)
                return
            wait.is_over = True
            self._dispatch()

        # A loop that was busy runs its timers before it reads what has come meanwhile: once more round.
        loop.call_later(self.gathering.pause_s, lambda: loop.call_soon(loop.call_soon, look))

    def _batch(self) -> list[_Item]:
        batch: list[_Item] = []
        rows = 0
        while self._queue:
            item = self._queue[0]
            if batch and (
                item.is_alone or rows + item.rows > self.limits.batch_rows or _differ(item, batch[0])
            ):
                break
            self._queue.popleft()
            self._queued_rows -= item.rows
            if item.answer.done():
                continue  # its client hung up
            batch.append(item)
            rows += item.rows
            if item.is_alone:
                break
        return batch

    def _ask(self, replica: Replica, batch: list[_Item]) -> None:
        rows = sum(item.rows for item in batch)
        self._rows_at_work += rows

        def answered(said: "dict[str, Array] | TrainplatError | Lost") -> None:
            self.gathering.seen(self._queued_rows + self._rows_at_work)  # the most that there were meanwhile
            self._rows_at_work -= rows
            if isinstance(said, dict):
                self.gathering.add(rows, replica.took_s)
            if isinstance(said, Lost):
                self._again(batch, said)
            elif isinstance(said, dict) and _has_rows(said, batch):
                self.answered += len(batch)
                _share(said, batch)
            elif len(batch) > 1:
                self._one_by_one(batch)
            else:
                _fail(batch[0], said if isinstance(said, TrainplatError) else _odd(said, batch[0].rows))
            if self._queue:
                self._dispatch()

        replica.ask(_joined(batch), answered)

    def _again(self, batch: list[_Item], lost: Lost) -> None:
        """Their replica died: another one is asked, each alone where one of them may be why."""
        for item in reversed(batch):
            item.tries += lost.was_begun
            item.is_alone |= lost.was_begun
            if item.tries >= MOST_TRIES:
                problem = f"{MOST_TRIES} replicas in a row died or hung while they answered this request"
                _fail(item, ModelFailed(problem, "See the log of the server, and what is special about it."))
            else:
                self._put(item, first=True)

    def _one_by_one(self, batch: list[_Item]) -> None:
        for item in reversed(batch):
            item.is_alone = True
            self._put(item, first=True)

    def _give_up(self, now_s: float) -> None:
        """Tell those who waited for long for a replica, while there was none, that there is none."""
        wait_s = self.limits.wait_s
        if self.replicas or now_s - self._bare_since_s < wait_s:
            return
        while self._queue and now_s - self._queue[0].asked_at_s >= wait_s:
            item = self._queue.popleft()
            self._queued_rows -= item.rows
            _fail(item, self._not_ready(wait_s))

    def _not_ready(self, wait_s: float) -> Unavailable:
        why = f": {self.waits_for}" if self.waits_for else ""
        return Unavailable(
            f"no replica was ready within {wait_s:g} s{why}", "See `trainplat model ps`, and ask again."
        )

    def _fail_waiting(self, problem: TrainplatError) -> None:
        waiting, self._queue, self._queued_rows = list(self._queue), deque(), 0
        for item in waiting:
            _fail(item, problem)


def _differ(one: _Item, other: _Item) -> bool:
    return any(values.shape[1:] != other.given[name].shape[1:] for name, values in one.given.items())


def _joined(batch: list[_Item]) -> dict[str, Array]:
    if len(batch) == 1:
        return batch[0].given
    return {name: np.concatenate([item.given[name] for item in batch]) for name in batch[0].given}


def _has_rows(said: dict[str, Array], batch: list[_Item]) -> bool:
    rows = sum(item.rows for item in batch)
    return all(values.ndim and len(values) == rows for values in said.values())


def _odd(said: dict[str, Array], rows: int) -> TrainplatError:
    counts = {name: len(values) if values.ndim else 0 for name, values in said.items()}
    return ModelFailed(
        f"the model gave {counts} rows for {rows} samples", "Let it give one row for each sample."
    )


def _share(said: dict[str, Array], batch: list[_Item]) -> None:
    at = 0
    for item in batch:
        part: dict[str, Any] = {name: values[at : at + item.rows] for name, values in said.items()}
        at += item.rows
        if not item.answer.done():
            item.answer.set_result(part)


def _fail(item: _Item, problem: TrainplatError) -> None:
    if not item.answer.done():
        item.answer.set_exception(problem)
