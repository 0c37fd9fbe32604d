"""Jobs as the order sees them."""

from resources.gpu.policy.model import Job, Running
from resources.gpu.policy.order import JobView


def view_of_waiting(job: Job) -> JobView:
    """A job that has no devices."""
    return _view(job, job.attained_gpu_s, None)


def view_of_running(running: Running, now_s: float) -> JobView:
    """A job that has them, with what it was served up to now."""
    return _view(running.job, running.attained_gpu_s(now_s), running.started_at_s)


def _view(job: Job, attained_gpu_s: float, started_at_s: float | None) -> JobView:
    return JobView(
        job.id,
        max(job.units_milli, 1),  # a job of CPUs only is served too
        job.submitted_at_s,
        attained_gpu_s,
        job.groups,
        job.priority,
        job.max_runtime_s,
        started_at_s,
        job.evictions,
    )
