"""Why a training ended, in words: what its processes ended with, and what to do next."""

import re
import signal
from pathlib import Path

from resources.errors import TrainplatError
from resources.learning.distributed.launching import AGENT_LOG, LOGS
from resources.learning.distributed.logs import last_words

# torchrun's table of failures names the process that failed first last, as the root cause.
_EXIT_CODE = re.compile(r"exitcode\s*:\s*(-?\d+)")
_RANK = re.compile(r"rank\s*:\s*(\d+)")
_EACH = re.compile(r"rank\s*:\s*(\d+)[^\n]*\n[^\n]*exitcode\s*:\s*(-?\d+)")
_NEXT_STEPS = {
    signal.SIGKILL: (
        "Somebody killed it, or the kernel did for memory (see dmesg): then raise accumulation or lower "
        "batch_size. Start it again: it goes on from its last checkpoint."
    ),
    signal.SIGTERM: "Somebody ended it. Start it again: it goes on from its last checkpoint.",
    signal.SIGSEGV: "A library failed. See the logs for which; then start again, from the last checkpoint.",
    signal.SIGABRT: "A library gave up. See the logs for why; then start again, from the last checkpoint.",
}


def why_it_ended(folder: Path, restarts: int) -> TrainplatError:
    """The error for a training whose processes failed more often than they were to be started again."""
    code = _of_first(folder, _EXIT_CODE)
    logs = f"The logs are in {folder / LOGS}."
    tries = f" {restarts + 1} times" if restarts else ""
    if code is None:
        return TrainplatError(f"torchrun ended before the training did{tries}", f"See {folder / AGENT_LOG}.")
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        step = _NEXT_STEPS.get(signal.Signals(-code)) if -code in set(signal.Signals) else None
        return TrainplatError(
            f"a process of the training was ended by {name}{tries}",
            f"{step or 'Start it again: it goes on from its last checkpoint.'} {logs}",
        )
    process = _of_first(folder, _RANK)
    said = None if process is None else last_words(folder, process)
    told = f": {said}" if said else ""
    return TrainplatError(
        f"a process of the training failed with exit code {code}{tries}{told}",
        f"{logs} Mend what they name, then start it again: it goes on from its last checkpoint.",
    )


def first_to_die(folder: Path) -> int | None:
    """The number of the process that failed first; None where nothing tells.

    One that was killed, where it is the only one: torchrun looks at them every tenth of a second, and tells
    seconds, so that the others may seem to have failed before it.
    """
    try:
        told = _EACH.findall((folder / AGENT_LOG).read_text(errors="replace"))
    except FileNotFoundError:
        return None
    killed = {int(rank) for rank, code in told if int(code) < 0 and int(code) != -signal.SIGTERM}
    return killed.pop() if len(killed) == 1 else _of_first(folder, _RANK)


def _of_first(folder: Path, what: re.Pattern[str]) -> int | None:
    """A number that torchrun tells of the process that failed first, the others of which are its victims.

    What it ended with is minus the signal's number where one ended it.
    """
    try:
        told = (folder / AGENT_LOG).read_text(errors="replace")
    except FileNotFoundError:
        return None
    found = what.findall(told.rpartition("Root Cause")[2])
    return int(found[0]) if found else None
