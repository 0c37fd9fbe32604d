"""What the arbiter would give each endpoint now, and how busy the devices of its replicas are."""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from resources.errors import TrainplatError
from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import Offer
from resources.serving.server.claims import Claim
from resources.serving.server.leasing import Leasing

FRESH_S = 1.0
"""So long what was read or offered is taken to be so."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Made:
    claim: Claim
    count: int
    offer: Offer
    at_s: float


class Offers:
    """Of one server. Where the arbiter cannot be asked, nothing is offered, and nothing is known."""

    def __init__(self, leasing: Leasing) -> None:
        self._leasing = leasing
        self._made: dict[str, _Made] = {}
        self._busy: dict[DeviceId, float] = {}
        self._read_at_s = -float("inf")

    async def offers(self, wished: Mapping[str, int], claims: Mapping[str, Claim]) -> dict[str, Offer]:
        """What each endpoint that wants more replicas would get of them."""
        found: dict[str, Offer] = {}
        now_s = time.monotonic()
        for endpoint, count in wished.items():
            claim, made = claims.get(endpoint), self._made.get(endpoint)
            if claim is None or count <= 0:
                continue
            if made is None or (made.claim, made.count) != (claim, count) or now_s - made.at_s > FRESH_S:
                made = self._made[endpoint] = _Made(claim, count, await self._offer(claim, count), now_s)
            found[endpoint] = made.offer
        self._made = {endpoint: one for endpoint, one in self._made.items() if endpoint in found}
        return found

    async def read_use(self) -> None:
        """Look how busy the devices are, unless that was just done."""
        if time.monotonic() - self._read_at_s <= FRESH_S:
            return
        self._read_at_s = time.monotonic()
        try:
            self._busy = await self._leasing.utilisation()
        except TrainplatError as problem:
            self._busy = {}
            _log.warning("how busy devices are is not known: %s", problem.one_line)

    def use(self, devices: Iterable[str]) -> float | None:
        """The mean share of its time that each of these devices computed; None where none tells it."""
        told = [self._busy[DeviceId(one)] for one in devices if DeviceId(one) in self._busy]
        return sum(told) / len(told) if told else None

    async def units_milli(self, claim: Claim) -> int:
        """Thousandths of devices that one replica takes up; 0 for a request that cannot be."""
        try:
            return await asyncio.to_thread(self._leasing.units_milli, claim)
        except TrainplatError:
            return 0

    async def _offer(self, claim: Claim, count: int) -> Offer:
        try:
            return await self._leasing.offer(claim, count)
        except TrainplatError as problem:
            _log.warning("the arbiter offers nothing: %s", problem.one_line)
        except Exception:  # noqa: BLE001 - a locked database: it is asked again
            _log.exception("the arbiter could not be asked")
        return Offer(0)
