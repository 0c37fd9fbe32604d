"""A clean stop: what trains is put back in the queue, and goes on from its checkpoint at the next start."""

from dagster import DagsterRunStatus
from filelock import FileLock

from resources.gpu.environment import marks_of
from resources.gpu.model import RUN_ENDED, LeaseState, Origin
from resources.gpu.resource import instance_key
from resources.gpu.service import GpuService
from resources.home import Home
from resources.process import kill_remains
from resources.runs.instance import open_instance
from resources.runs.reconcile import LOCK_TIMEOUT_S, put_back
from resources.terms import Actor

SUPERVISOR = Actor("supervisor")


def stop_runs(home: Home, actor: Actor = SUPERVISOR) -> int:
    """Put every run of the home's instance that has a process back in the queue. Returns how many.

    To be called when the daemon no longer runs; with a daemon they would be started again at once.
    """
    if not (home.dagster / "dagster.yaml").exists():
        return 0
    home.run.mkdir(parents=True, exist_ok=True)
    service = GpuService(home.database())
    stopped = 0
    lock = FileLock(home.run / "reconcile.lock", timeout=LOCK_TIMEOUT_S)
    with open_instance(home.dagster) as instance, lock:
        for lease in service.live_leases():
            if lease.origin is not Origin.QUEUE or lease.instance != instance_key(instance):
                continue
            if lease.state is not LeaseState.CLAIMED:
                continue
            # Dead first, since no daemon runs: what it has reported by then is what became of it.
            if lease.holder is not None and not kill_remains(lease.holder, *marks_of(lease)):
                continue  # it hangs in the kernel and keeps its devices; the next start takes it up
            run = instance.get_run_by_id(lease.run_id)
            if run is None or run.is_finished:
                service.release(lease.run_id, lease.attempt, reason=RUN_ENDED, actor=actor)
            elif run.status is DagsterRunStatus.CANCELING:
                instance.report_run_canceled(run)
                service.release(lease.run_id, lease.attempt, reason="cancelled", actor=actor)
            else:
                put_back(instance, service, run, lease, "trainplat was stopped", actor)
                stopped += 1
    return stopped
