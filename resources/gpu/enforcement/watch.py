"""One look at the runs of this machine, and what follows from it. Call it every ``rules.LOOK_EVERY_S``."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from resources.gpu.enforcement.model import Finding, Holder, Limits
from resources.gpu.enforcement.rules import DEFAULT_PATIENCE, HasRoom, History, Patience, judge
from resources.gpu.enforcement.usage import CpuTimes, Reading, device_memory, device_uses, look_at


@dataclass(frozen=True)
class Watched:
    """A lease whose run lives on this machine."""

    limits: Limits
    holder: Holder


class Leases(Protocol):
    """Whoever knows the leases: the GPU service."""

    def watched(self) -> Sequence[Watched]:
        """Those whose runs live on this machine now."""


ReadDevices = Callable[[], Sequence[Reading]]
"""A look at the devices of this machine."""


@dataclass
class WatchState:
    """What one look leaves for the next. A new one may be made at any time: then overuse is seen anew."""

    cpu: CpuTimes = field(default_factory=CpuTimes)
    history: History = field(default_factory=dict)
    mps_failures: int = 0
    """How often in a row MPS did not start."""
    mps_again_s: float = 0.0
    """Until when it is not tried again, on the clock of :func:`time.monotonic`."""


def no_room(_finding: Finding) -> bool:
    """No lease grows."""
    return False


def watch_once(
    leases: Leases,
    read_devices: ReadDevices,
    state: WatchState,
    *,
    has_room: HasRoom = no_room,
    patience: Patience = DEFAULT_PATIENCE,
    ours: frozenset[int] = frozenset(),
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Finding, ...]:
    """Look once, judge, and keep what the next look needs in ``state``. Changes nothing else.

    ``ours`` are the processes of the platform on the devices: :meth:`Mps.processes`.
    """
    watched = leases.watched()
    readings = read_devices()
    now_s = clock()
    host_mib = {one.limits.run_id: one.limits.host_memory_mib for one in watched}
    seen = look_at(
        [one.holder for one in watched],
        device_uses(readings),
        device_memory(readings),
        state.cpu,
        now_s,
        close_above_mib={run: mib for run, mib in host_mib.items() if mib is not None},
        ours=ours,
    )
    limits = tuple(one.limits for one in watched)
    judged = judge(limits, seen.look, state.history, now_s, has_room=has_room, patience=patience)
    state.cpu, state.history = seen.cpu, judged.history
    return judged.findings
