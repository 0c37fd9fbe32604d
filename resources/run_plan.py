"""What the runs of a pipeline or a data set ask for, in the words that files and data sets share."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RunPlan:
    """The devices of a run and its terms. Who declares it has checked what it says."""

    gpu: str = "1"
    """The request, such as 1, 2(V100) or 8G,0.5."""
    priority: int = 0
    """The higher goes first in its project."""
    preemptible: bool = True
    """Whether it may be stopped at a checkpoint to make room for others."""
    max_runtime_s: float | None = None
    cpus: float | None = None
    memory: str | None = None
    """Main memory, such as 64G."""
    project: str | None = None
    """On whose quota it runs; None for the project of those that name none."""
    retries: int = 0
    """How often a step that fails is tried again."""
    retry_delay_s: float = 30.0
    """How long is waited before it is, the first time."""
