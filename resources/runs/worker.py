"""A run's own process: it takes its lease up, then does what ``dagster api execute_run`` does.

Started by the launcher as ``python -m resources.runs.worker RUN_ID ATTEMPT ARGUMENTS``. A worker that is not
the first for its attempt, or whose lease was released meanwhile, ends here without touching the run.
"""

import signal
import sys

from resources import making_room
from resources.gpu.model import Attempt, RunId
from resources.gpu.service import GpuService
from resources.home import Home
from resources.process import ProcessIdentity

NOT_MINE = 75
"""Exit code of a worker that found its lease taken or gone."""


def main(run_id: str, attempt: str, execute_arguments: str) -> None:
    """Take the lease up and execute the run; ends the process with NOT_MINE when the lease is not ours."""
    service = GpuService(Home.from_environment().database())
    if not service.set_holder(RunId(run_id), Attempt(int(attempt)), ProcessIdentity.current()):
        print(f"run {run_id}, attempt {attempt}: its lease is gone or another worker's; nothing done.")  # noqa: T201
        sys.exit(NOT_MINE)
    for inherited in (signal.SIGINT, signal.SIGTERM):
        signal.signal(inherited, signal.SIG_DFL)  # a starter that ignores them would make us deaf
    making_room.prepare()
    # Here, and not in a process that this one becomes: a second start of Python takes a second. Imported
    # only now, since the lease is to be taken up before anything that takes long.
    from dagster._cli.api import execute_run_command

    from resources.runs.mounting import with_mounts

    def execute() -> None:
        execute_run_command.main([execute_arguments], prog_name="dagster api execute_run")

    with_mounts(run_id, execute, lambda reason: _fail(run_id, execute_arguments, reason))


def _fail(run_id: str, execute_arguments: str, reason: str) -> None:
    from dagster import DagsterInstance
    from dagster._grpc.types import ExecuteRunArgs
    from dagster._serdes import deserialize_value

    reference = deserialize_value(execute_arguments, ExecuteRunArgs).instance_ref
    with DagsterInstance.from_ref(reference) if reference else DagsterInstance.get() as instance:
        run = instance.get_run_by_id(run_id)
        if run is not None:
            instance.report_run_failed(run, reason)


if __name__ == "__main__":
    main(*sys.argv[1:])
