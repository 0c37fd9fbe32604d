"""Only one Dagster instance's sensors turn the loop of a home."""

from datetime import datetime

from dagster import DagsterInstance, SkipReason

from resources.errors import Conflict
from resources.gpu.resource import instance_key
from resources.home import Home
from resources.runs.loop_owner import claim_loop
from resources.terms import Actor


def held_elsewhere(instance: DagsterInstance, now: datetime, actor: Actor) -> SkipReason | None:
    """Why a tick must do nothing: another instance works on this home. None where the loop is ours."""
    try:
        claim_loop(Home.from_environment().database(), instance_key(instance), now, actor)
    except Conflict as other:
        return SkipReason(other.one_line)
    return None
