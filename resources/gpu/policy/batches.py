"""Jobs submitted together are alike: those of a sweep, those of a night's reports.

In the Philly traces the logarithms of the durations of two jobs of one size correlate by 0.8 to 0.9 when they
were submitted within a minute of each other, by 0.4 to 0.5 within ten minutes, and by 0.1 to 0.4 later.
"""

from dataclasses import dataclass

GAP_S = 600.0
"""A job submitted at most so long after the last one of its kind belongs to the same batch."""
BATCH_AT = "@"
"""In the id of a batch, before when it began. No wider group of like jobs has it in its name."""


@dataclass(frozen=True)
class Batch:
    """Jobs of one kind, each submitted soon after the one before it."""

    id: str
    kind: str
    """What they have in common, such as project, job and number of devices."""
    last_s: float
    """When the last of them was submitted."""


def batch_of(kind: str, submitted_at_s: float, last: Batch | None) -> Batch:
    """The batch of a job, given the batch of the job of its kind that was submitted before it."""
    if last is not None and last.kind == kind and submitted_at_s - last.last_s <= GAP_S:
        return Batch(last.id, kind, max(submitted_at_s, last.last_s))
    return Batch(f"{kind}{BATCH_AT}{submitted_at_s:.0f}", kind, submitted_at_s)
