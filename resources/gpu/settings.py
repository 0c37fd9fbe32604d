"""The settings of the policy, from the environment."""

import math
import os
from collections.abc import Mapping
from dataclasses import replace

from resources.errors import BadInput
from resources.gpu.model import Overuse
from resources.gpu.policy.model import Settings

MIN_RUNTIME_VARIABLE = "TRAINPLAT_MIN_RUNTIME_S"
COOL_DOWN_VARIABLE = "TRAINPLAT_COOL_DOWN_S"
KEEP_AFTER_VARIABLE = "TRAINPLAT_KEEP_AFTER_S"
REBALANCE_VARIABLE = "TRAINPLAT_REBALANCE"
OVERUSE_VARIABLE = "TRAINPLAT_OVERUSE"
"""What projects declare for runs whose tags say nothing: ``vision=evict,*=resize``."""
ANY_PROJECT = "*"


def policy_settings() -> Settings:
    """What the environment says; the defaults else. Raises :class:`BadInput` for a value that is no time."""
    usual = Settings()
    return replace(
        usual,
        min_runtime_s=_seconds(MIN_RUNTIME_VARIABLE, usual.min_runtime_s),
        cool_down_s=_seconds(COOL_DOWN_VARIABLE, usual.cool_down_s),
        keep_after_s=_seconds(KEEP_AFTER_VARIABLE, usual.keep_after_s),
    )


def rebalances() -> bool:
    """Whether lending limits follow demand by themselves. Raises :class:`BadInput` for neither on nor off."""
    told = os.environ.get(REBALANCE_VARIABLE, "off")
    if told not in ("on", "off"):
        raise BadInput(
            f"{REBALANCE_VARIABLE} is {told!r}; expected on or off",
            f"Set {REBALANCE_VARIABLE} to on, or unset it to keep the lending limits of the quotas.",
        )
    return told == "on"


def overuse_of_projects() -> Mapping[str, Overuse]:
    """What is done about overuse by project, ``*`` for all others. Raises :class:`BadInput`."""
    told = os.environ.get(OVERUSE_VARIABLE, "")
    found: dict[str, Overuse] = {}
    for part in filter(None, (one.strip() for one in told.split(","))):
        project, separator, rule = part.partition("=")
        if not separator or not project or rule not in set(Overuse):
            raise BadInput(
                f"{OVERUSE_VARIABLE} holds {part!r}; expected PROJECT=RULE with one of {', '.join(Overuse)}",
                f"Write it as vision=evict,*=leave, or unset {OVERUSE_VARIABLE}: then runs are warned only.",
            )
        found[project] = Overuse(rule)
    return found


def _seconds(variable: str, usual: float) -> float:
    told = os.environ.get(variable)
    if told is None:
        return usual
    try:
        value = float(told)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise BadInput(
            f"{variable} is {told!r}; expected a number of seconds, 0 or more",
            f"Set {variable} to how many seconds it shall be, or unset it for {usual:g}.",
        )
    return value
