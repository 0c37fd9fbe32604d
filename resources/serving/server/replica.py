"""The server's side of one replica: what it was asked and has not answered yet."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from resources.errors import BadInput, TrainplatError, Unavailable
from resources.process import ProcessIdentity
from resources.serving.frames import Decoder, Head, encoded
from resources.serving.replicas.model import Loading
from resources.serving.server.nurse import Born, Nurse
from resources.serving.tensors import Array, Tensors, TensorSpec


@dataclass(frozen=True)
class Lost:
    """Its process died before a batch was answered."""

    was_begun: bool
    """Whether it may have died of this one: those behind it were not looked at yet."""


Answered = Callable[["dict[str, Array] | TrainplatError | Lost"], None]
"""Is told what a batch came to: arrays, what the model failed with, or that there is no answer."""


class ModelFailed(TrainplatError):
    """The model raised while it answered."""


class Replica(asyncio.Protocol):
    """One process with one model. It answers one batch after the other."""

    def __init__(self, born: Born, loading: Loading, lost: Callable[["Replica"], None]) -> None:
        self.pid = born.pid
        self.loading = loading
        self.inputs: tuple[TensorSpec, ...] = ()
        self.outputs: tuple[TensorSpec, ...] = ()
        self.classes: tuple[str, ...] = ()
        self.ready_after_s = 0.0
        """From the order to the first answer that it could have given."""
        self.busy_s = 0.0
        """How long it has been at work, in all."""
        self.took_s = 0.0
        """How long it was at the newest batch that it answered, as it says itself: this loop may be busy."""
        self.process = ProcessIdentity.of(born.pid)
        self._lifeline = born.lifeline
        self._link = born.link
        self._lost = lost
        self._decoder = Decoder()
        self._asked: dict[int, tuple[Answered, float]] = {}
        self._answered_at_s = 0.0
        self._next = 0
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def start(
        cls,
        nurse: Nurse,
        loading: Loading,
        environment: Mapping[str, str],
        *,
        ready_s: float,
        lost: Callable[["Replica"], None],
        born: Callable[["Replica"], None] | None = None,
    ) -> "Replica":
        """Start one and wait until its model is loaded; ``born`` is told of it as soon as its process lives.

        Raises what the model raises while it loads, and :class:`Unavailable` for one that takes longer than
        ``ready_s`` or dies; its process is gone then.
        """
        begun = time.monotonic()
        child = await nurse.replica(loading, environment)
        loop = asyncio.get_running_loop()
        _, replica = await loop.create_unix_connection(lambda: cls(child, loading, lost), sock=child.link)
        if born is not None:
            born(replica)
        try:
            async with asyncio.timeout(ready_s):
                await replica.until_ready()
        except TimeoutError as problem:
            replica.kill()
            raise Unavailable(
                f"the model did not load within {ready_s:g} s",
                "See what it does when it is loaded, or give it more time by `load_s`.",
            ) from problem
        except TrainplatError:
            replica.kill()
            raise
        except asyncio.CancelledError:
            replica.kill()
            raise
        replica.ready_after_s = time.monotonic() - begun
        return replica

    async def until_ready(self) -> None:
        """Wait until its model is loaded. Raises what the model raised, or Unavailable where it died."""
        await self._ready

    @property
    def waiting(self) -> int:
        """Batches that it has not answered."""
        return len(self._asked)

    @property
    def is_lost(self) -> bool:
        """Whether it will answer no more."""
        return self._transport is None or self._transport.is_closing()

    def busy_for_s(self, now_s: float) -> float:
        """How long it has been at the oldest batch, by the monotonic clock.

        What it was given ahead began when the one before it was done.
        """
        asked_at_s = min((asked for _, asked in self._asked.values()), default=now_s)
        return now_s - max(asked_at_s, self._answered_at_s) if self._asked else 0.0

    def ask(self, given: Tensors, answered: Answered) -> None:
        """Send a batch."""
        self._next += 1
        self._asked[self._next] = answered, time.monotonic()
        if self._transport is not None:
            self._send(self._transport, encoded({"id": self._next}, given))

    def kill(self) -> None:
        """End its process at once; what it was asked comes back as lost."""
        with suppress(ProcessLookupError):
            if self.process is not None and self.process.is_alive():
                os.kill(self.pid, signal.SIGKILL)
        if self._transport is not None:
            self._transport.abort()
        self._let_go()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio calls this."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Asyncio calls this."""
        for head, said in self._decoder.feed(data):
            if "id" in head:
                answered, _ = self._asked.pop(head["id"])
                self.took_s = head["took_s"]
                self.busy_s += self.took_s
                self._answered_at_s = time.monotonic()
                failed = head.get("failed")
                answered(_failed(failed) if failed else said)
            elif not self._ready.done():
                self._set_ready(head)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        """Asyncio calls this when the process is gone."""
        self._let_go()
        if not self._ready.done():
            self._ready.set_exception(
                Unavailable("the process died while it loaded the model", "See the log of the server.")
            )
            return
        asked, self._asked = list(self._asked.values()), {}
        self._lost(self)
        for at, (answered, _) in enumerate(asked):
            answered(Lost(was_begun=at == 0))

    def _send(self, transport: asyncio.Transport, message: bytes) -> None:
        """Send at once: the transports of uvloop send when all requests of this turn have been looked at."""
        sent = 0
        if not transport.get_write_buffer_size():
            with suppress(OSError):  # full or gone: the transport sends the rest, or tells that it is lost
                sent = self._link.send(message)
        if sent < len(message):
            transport.write(message[sent:])

    def _set_ready(self, head: Head) -> None:
        if "failed" in head:
            told = head["failed"]
            self._ready.set_exception(
                BadInput(
                    f"the model cannot be loaded: {told['problem']}",
                    told["next"] or "See its files and how it was trained; promote another version.",
                )
            )
            return
        told = head["ready"]
        self.inputs, self.outputs = _specs(told["inputs"]), _specs(told["outputs"])
        self.classes = tuple(told["classes"])
        self._ready.set_result(None)

    def _let_go(self) -> None:
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1


def _failed(told: dict[str, str]) -> TrainplatError:
    return ModelFailed(
        f"the model failed: {told['problem']}", told["next"] or "See whether the input is what it expects."
    )


def _specs(told: list[dict[str, Any]]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(**{**one, "shape": tuple(one["shape"])}) for one in told)
