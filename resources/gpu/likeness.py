"""Which jobs are alike, and what they were served: for the history behind rule O3."""

from datetime import datetime

from resources.gpu.model import Lease, WaitingRequest
from resources.gpu.placement.model import WHOLE_MILLI
from resources.gpu.policy.history import Groups
from resources.gpu.requests.model import GpuRequest


def size_of(request: GpuRequest) -> str:
    """The widest group of like jobs: how many devices, and how much of each."""
    share = "" if request.milli == WHOLE_MILLI else f" of {request.milli / WHOLE_MILLI:g}"
    return f"{request.count} device(s){share}"


def groups_of(job: Lease | WaitingRequest) -> Groups:
    """The groups of like jobs that a job is part of, the widest first."""
    size = size_of(job.request)
    return (size, job.batch) if job.batch else (size,)


def attained_gpu_s(lease: Lease, now: datetime) -> float:
    """Device-seconds that the job of a lease was served, over all its attempts."""
    until = lease.released_at or now
    served_s = max(0.0, (until - lease.granted_at).total_seconds())
    return lease.attained_gpu_s + served_s * lease.request.units_milli / WHOLE_MILLI
