"""Going on with fewer processes, once a device is lost or a process dies again and again on one.

Which is decided by two rules, in this order:

1. Devices that cannot be used any more are left out.
2. The device of a process that was the first to die ``AGAIN`` times in a row is left out.

Of those that are left as many are taken as the batch can be divided among.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from resources.errors import TrainplatError
from resources.learning.distributed.launching import Launch
from resources.learning.distributed.plan import Plan

AGAIN = 2
VISIBLE = "CUDA_VISIBLE_DEVICES"
_TRY = "import torch; torch.ones(1, device='cuda').item()"
_TRY_S = 120.0
"""A device that does not answer for so long cannot be used."""

Devices = tuple[str, ...]
"""By the names that ``CUDA_VISIBLE_DEVICES`` takes, in the order of the processes."""


@dataclass(frozen=True)
class Fewer:
    """With what it goes on."""

    devices: Devices
    why: str


def fewer(plan: Plan, devices: Devices, usable: frozenset[str], deaths: Sequence[int | None]) -> Fewer | None:
    """With which devices to go on; None for the same.

    ``deaths`` are the processes that died first, one for each time since there were fewer. Raises where fewer
    are left than the plan asks for, or than its batch can be divided among.
    """
    left = tuple(one for one in devices if one in usable)
    why = f"of {len(devices)} devices {len(left)} can be used"
    if left == devices:
        last = deaths[-1] if len(deaths) >= AGAIN and len(set(deaths[-AGAIN:])) == 1 else None
        if last is None or last >= len(devices):
            return None
        left = (*devices[:last], *devices[last + 1 :])
        why = f"process {last} of {len(devices)} died {AGAIN} times in a row"
    least = plan.least_processes or 1
    count = next((n for n in range(len(left), least - 1, -1) if _fits(plan, n)), None)
    if count is None:
        raise TrainplatError(
            f"{why}, and it cannot go on with {len(left)}: expected at least {least} processes, among which "
            f"batch_size {plan.batch_size} in {plan.accumulation} parts each can be divided",
            "Start it again on devices that can be used, or lower least_processes, or choose another "
            "accumulation: it goes on from its last checkpoint.",
        )
    return Fewer(left[:count], why)


def devices_of(launch: Launch) -> Devices:
    """Those of the processes of a start."""
    if launch.device != "cuda":
        return tuple(map(str, range(launch.processes)))
    named = launch.environment.get(VISIBLE, os.environ.get(VISIBLE))
    found = map(str, range(launch.processes)) if named is None else named.split(",")
    return tuple(found)[: launch.processes]


def usable(launch: Launch) -> frozenset[str]:
    """Which of them can be used now. Those of CPUs always can."""
    devices = devices_of(launch)
    if launch.device != "cuda":
        return frozenset(devices)
    tried = {
        one: subprocess.Popen(
            [sys.executable, "-c", _TRY],
            env={**os.environ, **launch.environment, VISIBLE: one},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for one in devices
    }
    return frozenset(one for one, process in tried.items() if _answers(process))


def on(launch: Launch, devices: Devices) -> Launch:
    """The same training, on these."""
    named = {VISIBLE: ",".join(devices)} if launch.device == "cuda" else {}
    return replace(launch, processes=len(devices), environment={**launch.environment, **named})


def _fits(plan: Plan, processes: int) -> bool:
    return processes > 0 and plan.batch_size % (processes * plan.accumulation) == 0


def _answers(process: "subprocess.Popen[bytes]") -> bool:
    try:
        return process.wait(timeout=_TRY_S) == 0
    except subprocess.TimeoutExpired:
        process.kill()
        return False
