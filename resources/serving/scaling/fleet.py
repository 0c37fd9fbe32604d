"""Decides for all services of a server together."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from resources.gpu.policy.reason import Reason
from resources.serving.scaling.autoscaler import Autoscaler
from resources.serving.scaling.model import ScalingDecision, ScalingSnapshot
from resources.serving.scaling.sharing import COOL_DOWN_S, Need, share


@dataclass(frozen=True)
class Scaled:
    """One service: its autoscaler, what is seen of it, and what one replica of it takes up."""

    scaler: Autoscaler
    seen: ScalingSnapshot
    device_milli: int = 0
    project: str = ""
    offered: int | None = None
    """How many more the arbiter would give it now; None where it was not asked."""
    offered_why: Reason | None = None
    """Why it would not give more."""


class Fleet:
    """Remembers which service gave a replica to another one, and when."""

    def __init__(self, cool_down_s: float = COOL_DOWN_S) -> None:
        self._cool_down_s = cool_down_s
        self._gave_at: dict[str, datetime] = {}

    def decide(
        self, services: Iterable[Scaled], free_milli: int, now: datetime, *, coming_milli: int = 0
    ) -> tuple[ScalingDecision, ...]:
        """What each service is to have, with the devices that there are; in the order of ``services``."""
        known = tuple(services)
        shares = share(
            [self._need(one, now) for one in known],
            free_milli,
            now,
            coming_milli=coming_milli,
            cool_down_s=self._cool_down_s,
        )
        found = []
        for one in known:
            own = shares[one.seen.endpoint]
            divided = own.free_replicas
            is_less = one.offered is not None and (divided is None or one.offered <= divided)
            seen = replace(
                one.seen,
                free_replicas=one.offered if is_less else divided,
                free_why=one.offered_why if is_less else None,
                owed_replicas=own.owed_replicas,
                owed_to=own.owed_to,
            )
            decision = one.scaler.decide(seen, now)
            if own.owed_replicas and not decision.dry_run:
                self._gave_at[decision.endpoint] = now
            found.append(decision)
        return tuple(found)

    def wish(self, one: Scaled, now: datetime) -> int:
        """How many more replicas the service would start if there were devices for all."""
        return max(0, self._need(one, now).wanted - one.seen.replicas)

    def _need(self, one: Scaled, now: datetime) -> Need:
        """What the service would do if it were alone."""
        alone = replace(one.seen, free_replicas=None, owed_replicas=0)
        wanted = one.scaler.decide(alone, now)
        spec = one.scaler.spec
        current = one.seen.replicas
        return Need(
            one.seen.endpoint,
            current,
            current if spec.dry_run else wanted.wanted,
            spec.bounds(now).least,
            0 if spec.dry_run else one.device_milli,
            spec.priority,
            self._gave_at.get(one.seen.endpoint),
            one.project,
        )
