"""The batches of a training, made in a thread beside the steps. Import this module inside functions only."""

from collections import deque
from collections.abc import Iterator
from queue import Full, Queue
from threading import Event, Thread

import torch

from resources.learning.distributed.order import Places, batch_places, parts_of
from resources.learning.distributed.plan import Plan
from resources.learning.distributed.task import Batch, Task
from resources.learning.distributed.world import World

AHEAD = 2
"""So many batches wait at most: more than one, so that one that takes long does not stop the steps."""
_LOOK_S = 0.2
_LEAVE_S = 5.0
"""A batch that is not made by then is left behind: its thread ends with the process."""


class Batches:
    """The parts of each step's batch, in order, from one step on.

    What is made depends on the places alone, so losses are those of a training that makes its batches itself.
    A task that draws from torch's own random numbers, which steps draw from too, has them made by the
    steps, as the first part of a start tells.
    """

    def __init__(self, plan: Plan, task: Task, world: World, step: int) -> None:
        self._plan, self._task, self._world = plan, task, world
        self._pins = world.device.type == "cuda"
        self._places = deque[Places]()
        self._step = step
        self._made: Queue[Batch | Exception] = Queue(AHEAD)
        self._stop = Event()
        self._thread: Thread | None = None
        self._draws: bool | None = None

    def of_step(self) -> Iterator[Batch]:
        """The parts of the next step, on its device."""
        for _ in range(self._plan.accumulation):
            batch = self._taken()
            yield {name: value.to(self._world.device, non_blocking=True) for name, value in batch.items()}

    def close(self) -> None:
        """Make no more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_LEAVE_S)

    def _taken(self) -> Batch:
        if self._draws is None:
            before = torch.get_rng_state()
            first = self._task.batch(self._next_places())
            self._draws = not torch.equal(before, torch.get_rng_state())
            if not self._draws:
                self._thread = Thread(target=self._make, name="batches", daemon=True)
                self._thread.start()
            return first
        if self._draws:
            return self._task.batch(self._next_places())
        found = self._made.get()
        if isinstance(found, Exception):
            raise found
        return found

    def _make(self) -> None:
        try:
            while not self._stop.is_set() and self._has_more():
                batch = self._task.batch(self._next_places())
                # From pinned memory a copy goes on beside what the device computes.
                self._put({n: v.pin_memory() for n, v in batch.items()} if self._pins else batch)
        except Exception as problem:  # noqa: BLE001 - raised where the batch is missed
            self._put(problem)

    def _put(self, one: Batch | Exception) -> None:
        while not self._stop.is_set():
            try:
                self._made.put(one, timeout=_LOOK_S)
            except Full:
                continue
            return

    def _has_more(self) -> bool:
        return bool(self._places) or self._step < self._plan.steps

    def _next_places(self) -> Places:
        if not self._places:
            plan, world = self._plan, self._world
            places = batch_places(
                self._step, count=self._task.count, batch_size=plan.batch_size, seed=plan.seed
            )
            self._places.extend(
                parts_of(
                    places,
                    process=world.process,
                    processes=world.processes,
                    accumulation=plan.accumulation,
                )
            )
            self._step += 1
        return self._places.popleft()
