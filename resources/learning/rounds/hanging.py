"""Whether a training in this very process stands still: seen by a thread beside it, told with its stacks."""

import faulthandler
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from resources.learning.distributed.progress import Hung, Point, ProgressFile, read_progress, stacks_name
from resources.learning.distributed.watching import Patience, Pulse, patience_s
from resources.learning.rounds.telling import Telling

LOOK_S = 1.0


@contextmanager
def watched(
    telling: Telling, patience: Patience, hangs_before: int, give_up: Callable[[Hung], None]
) -> Iterator[None]:
    """See whether anything moves, as long as the block lasts.

    Where nothing does for too long, the stacks of all threads are put down beside what the training told, so
    is the hang, and ``give_up`` is called, on the thread that watches: no other one would run. It is to end
    this process: what hangs in a library cannot be ended without it.
    """
    over = threading.Event()
    pulse = Pulse(telling.folder, time.monotonic())

    def look() -> None:
        while not over.wait(min(LOOK_S, patience.hang_s / 4)):
            # First how long it may be still: where it ends that in between, what it wrote then is a move.
            patient_s = patience_s(patience, telling.folder, steps_begun=telling.steps_begun)
            silent_s = pulse.silent_s(time.monotonic())
            if silent_s > patient_s:
                give_up(_tell_of_hang(telling.folder, silent_s, goes_on=hangs_before < patience.hangs))
                return

    thread = threading.Thread(target=look, name="watches for hangs", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()


def _tell_of_hang(folder: Path, silent_s: float, *, goes_on: bool) -> Hung:
    stacks = folder / stacks_name(0)
    step = 0
    with suppress(OSError):
        step = next((one.step for one in reversed(read_progress(folder)[0]) if isinstance(one, Point)), 0)
    hung = Hung(step, silent_s, (stacks.name,), goes_on)
    with suppress(OSError):  # a disk that is full, or gone, keeps no hung process alive
        with stacks.open("w") as file:
            faulthandler.dump_traceback(file, all_threads=True)
        ProgressFile(folder).tell(hung)
    return hung
