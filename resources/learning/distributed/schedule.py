"""The learning rate, as a function of the step."""

import math

from resources.learning.distributed.plan import Plan


def learning_rate(plan: Plan, step: int) -> float:
    """Of step ``step`` (from 0): up in a line over the warm-up, then down as a half cosine.

    Loshchilov & Hutter, SGDR, ICLR 2017, without restarts.
    """
    if step < plan.warmup_steps:
        return plan.learning_rate * (step + 1) / plan.warmup_steps
    rest = max(1, plan.steps - 1 - plan.warmup_steps)
    done = min(1.0, (step - plan.warmup_steps) / rest)
    share = plan.last_rate_share + (1 - plan.last_rate_share) * 0.5 * (1 + math.cos(math.pi * done))
    return plan.learning_rate * share
