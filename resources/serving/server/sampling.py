"""What is asked of endpoints as new samples for people to label: a share, and what models are unsure of.

It is put into the data set's inbox, from where it is taken in like all that comes there.
"""

import logging
import random
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING

import numpy as np

from resources.deploy_plan import DeployPlan
from resources.errors import TrainplatError
from resources.home import Home
from resources.serving.replicas.outputs import PROBABILITIES, SURENESS
from resources.serving.server.target import Target
from resources.serving.tensors import Array, Tensors, TensorSpec, checked
from resources.terms import DatasetName

if TYPE_CHECKING:
    from resources.data.arrivals.service import ArrivalService

MOST_WAITING = 256
MOST_PER_MINUTE = 60
"""Of each endpoint: more than people label anyway."""
MOST_REMEMBERED = 10_000
"""So many contents are known to have been kept; the inbox knows all of them."""
CLOSE_S = 5.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wish:
    """How an endpoint wants to be sampled."""

    plan: DeployPlan
    inputs: tuple[TensorSpec, ...]
    """What its model takes."""


@dataclass(frozen=True)
class _Picked:
    name: str
    given: Tensors
    inputs: tuple[TensorSpec, ...]
    rows: tuple[int, ...]


class Sampler:
    """Told of each answer, it keeps some of what was asked. It never waits, and no request fails by it."""

    def __init__(
        self,
        home: Home,
        wish: Callable[[Target], Wish | None],
        *,
        per_minute: int = MOST_PER_MINUTE,
        seed: int | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``wish`` tells how a version's endpoint is to be sampled; None for not at all."""
        self.kept = 0
        """Samples that were put into an inbox."""
        self.left_out = 0
        """Samples that were wanted and not kept, for more came than may."""
        self._home, self._wish, self._per_minute = home, wish, per_minute
        self._random, self._monotonic = random.Random(seed), monotonic  # noqa: S311 - no secret
        self._times: dict[str, deque[float]] = {}
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._queue: Queue[_Picked] = Queue(MOST_WAITING)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sampling", daemon=True)
        self._thread.start()

    def __call__(self, target: Target, given: Tensors, said: Tensors) -> None:
        """See :data:`resources.serving.server.router.Answered`."""
        wish = self._wish(target)
        if wish is None or not (wish.plan.sample_share or wish.plan.sample_uncertain):
            return
        wanted = self._wanted(wish.plan, said)
        if not wanted:
            return
        rows = self._allowed(target.name, wanted)
        try:
            if rows:
                self._queue.put_nowait(_Picked(target.name, given, wish.inputs, rows))
        except Full:
            self.left_out += len(rows)

    def close(self) -> None:
        """Keep what was picked, and pick no more."""
        self._ends.set()
        self._thread.join(CLOSE_S)

    def _wanted(self, plan: DeployPlan, said: Tensors) -> list[int]:
        unsure = set(np.flatnonzero(_sureness(said) < plan.sample_uncertain).tolist())
        count = len(next(iter(said.values())))
        share = plan.sample_share
        return [row for row in range(count) if row in unsure or (share and self._random.random() < share)]

    def _allowed(self, name: str, rows: Sequence[int]) -> tuple[int, ...]:
        """As many of them as may be kept in this minute."""
        now_s = self._monotonic()
        times = self._times.setdefault(name, deque())
        while times and now_s - times[0] >= 60.0:
            times.popleft()
        allowed = tuple(rows[: max(0, self._per_minute - len(times))])
        times.extend([now_s] * len(allowed))
        self.left_out += len(rows) - len(allowed)
        return allowed

    def _work(self) -> None:
        from resources.data.arrivals.service import ArrivalService

        arrivals = ArrivalService(self._home, self._home.database())
        while True:
            try:
                picked = self._queue.get(timeout=0.2)
            except Empty:
                if self._ends.is_set():
                    return
                continue
            try:
                self._keep(arrivals, picked)
            except (TrainplatError, OSError) as problem:  # a full disk, a folder that nobody may write
                self.left_out += len(picked.rows)
                _log.warning("samples of %s were not kept: %s", picked.name, problem)
            except Exception:  # noqa: BLE001 - it goes on for the others
                self.left_out += len(picked.rows)
                _log.exception("samples of %s were not kept", picked.name)

    def _keep(self, arrivals: "ArrivalService", picked: _Picked) -> None:
        (samples,) = checked(picked.given, picked.inputs).values()
        for row in picked.rows:
            content, suffix = content_of(samples[row])
            digest = sha256(content).hexdigest()
            if not content or digest in self._seen:
                continue
            self._seen[digest] = None
            if len(self._seen) > MOST_REMEMBERED:
                self._seen.popitem(last=False)
            arrivals.upload(DatasetName(picked.name), f"asked{suffix}", content)
            self.kept += 1


def content_of(sample: Array) -> tuple[bytes, str]:
    """A sample, as a model sees it, as a file and how its name ends: a picture, or of height 1 a text.

    The same sample always gives the same file. A text that was cut off within a character loses that one.
    """
    if sample.shape[0] == 1:
        text = sample.tobytes().rstrip(b"\0").decode(errors="ignore")
        return text.encode(), ".txt"
    from PIL import Image

    file = BytesIO()
    Image.fromarray(sample).save(file, "PNG")
    return file.getvalue(), ".png"


def _sureness(said: Tensors) -> Array:
    """Of each sample, 0 to 1; 1 of a model that does not say."""
    if SURENESS in said:
        return said[SURENESS]
    if PROBABILITIES in said:
        return np.asarray(said[PROBABILITIES].max(axis=-1))
    return np.ones(len(next(iter(said.values()))))
