"""How often a step is tried again, as its declaration says."""

from dagster import Backoff, Jitter, RetryPolicy

from resources.run_plan import RunPlan


def retry_policy(plan: RunPlan) -> RetryPolicy | None:
    """Each time after twice as long; None where it is not tried again."""
    if plan.retries == 0:
        return None
    return RetryPolicy(
        max_retries=plan.retries,
        delay=plan.retry_delay_s,
        backoff=Backoff.EXPONENTIAL,
        jitter=Jitter.PLUS_MINUS,
    )
