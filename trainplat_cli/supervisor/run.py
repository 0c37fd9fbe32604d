"""The life of a stack: what a killed one left is ended, ports are chosen, parts run, nothing is left."""

import logging
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from resources.gpu.service import GpuService
from resources.home import Home, read_or_make_secrets
from trainplat_cli.supervisor.marked import end_marked, end_processes
from trainplat_cli.supervisor.model import PartName
from trainplat_cli.supervisor.parts import DEFINITIONS_MODULE, addresses_of, build_parts, label_studio_program
from trainplat_cli.supervisor.ports import Ports
from trainplat_cli.supervisor.prepare import make_storages, mark_home, prepare
from trainplat_cli.supervisor.record import forget, only_supervisor, read_status, write_addresses
from trainplat_cli.supervisor.supervisor import Supervisor
from trainplat_cli.supervisor.watcher import Report

logger = logging.getLogger(__name__)


def supervise(
    home: Home,
    stop: threading.Event,
    hurry: threading.Event,
    report: Report,
    *,
    definitions_module: str = DEFINITIONS_MODULE,
) -> None:
    """Run the stack of ``home`` until ``stop`` is set. Signal handlers are the caller's: a signal that is
    ignored here would be ignored by every part.

    Raises Conflict when the stack runs already or a configured port is taken, NotFound when a program is
    missing, BadInput for a bad setting or home, Unavailable when Dagster's databases cannot be made.
    """
    label_studio_program()  # what cannot work is said before anything is touched
    with ExitStack() as held:
        held.enter_context(owner_only())
        mark_home(home)
        # Putting runs back opens the instance in this process, and both are found through the environment.
        os.environ.update(TRAINPLAT_HOME=str(home.path), DAGSTER_HOME=str(home.dagster))
        held.enter_context(only_supervisor(home))
        clear_up(home)
        ports = held.enter_context(Ports()).choose()
        generation = secrets.token_hex(6)
        supervisor = Supervisor(home, generation, report=report, stop_runs=put_runs_back)
        prepare(home, ports.chosen[PartName.CODE_SERVER])
        make_storages(home, supervisor.mark)
        parts = build_parts(
            home,
            ports.chosen,
            read_or_make_secrets(home),
            supervisor.mark,
            supervisor.process_of,
            definitions_module=definitions_module,
        )
        write_addresses(home, addresses_of(parts))
        try:
            supervisor.run(parts, stop, hurry)
        finally:
            forget(home)


@contextmanager
def owner_only() -> Iterator[None]:
    """What this process and those that it starts make is for their owner only, whatever the user's umask."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def clear_up(home: Home) -> int:
    """End what a killed stack of ``home`` left behind, and nothing else. Returns how many processes."""
    written = read_status(home)
    left = [] if written is None else [part.process for part in written.parts if part.process is not None]
    # A process may hide its environment by renaming itself; those that were written down are known anyway.
    alive = [process for process in left if process.is_alive()]
    ended = end_marked(home.path)
    end_processes(alive)
    forget(home)
    return max(ended, len(alive))


def put_runs_back(home: Home) -> int:
    """Put running trainings back in the queue, and end their processes. Returns how many."""
    if not GpuService(home.database()).live_leases():
        return 0  # opening Dagster's instance takes seconds
    from resources.runs.shutdown import stop_runs

    stopped = stop_runs(home)
    if stopped:
        logger.info("%d running trainings are back in the queue", stopped)
    return stopped
