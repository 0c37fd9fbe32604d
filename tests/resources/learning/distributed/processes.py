"""The real processes of a training that runs in a folder."""

from pathlib import Path

import psutil

WORKER = "resources.learning.distributed.worker"


def workers_of(folder: Path) -> list[psutil.Process]:
    """Those that train, in the order of their numbers."""
    found = {}
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            # The agent's words name its workers' module and folder too.
            if {WORKER, str(folder.resolve())} <= set(words) and "--standalone" not in words:
                found[int(process.environ()["RANK"])] = process
        except (psutil.Error, KeyError):
            continue
    return [found[number] for number in sorted(found)]


def is_gone(process: psutil.Process) -> bool:
    """Whether it trains no more: a zombie does not."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
