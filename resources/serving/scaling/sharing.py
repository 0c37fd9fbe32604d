"""Several services, and fewer devices than they all want: who gets them, and who gives some back.

Rules:

- **P1** What is guaranteed goes before what is wanted besides; of each, a higher priority goes first, and
  equal ones take turns, by name.
- **P2** While one waits, nothing goes to those after it, so that small wishes do not starve a large one.
- **P3** What free devices do not give, services above their guaranteed number give back: for a wish those of
  lower priority, for a guarantee any. The lowest priority gives first; of equal ones the one that is furthest
  above its guarantee, then by name. All within one project: between projects the arbiter decides.
- **P4** No one gives for a wish that would not be met by it, nor again within the cool-down.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

COOL_DOWN_S = 400.0
"""As in cube-studio: time enough for a replica to start and to be measured."""


@dataclass(frozen=True)
class Need:
    """One service: what it has, is guaranteed and wants. Raises ValueError for numbers below 0."""

    endpoint: str
    current: int
    wanted: int
    least: int
    device_milli: int
    """Thousandths of a device for each replica; 0 needs none."""
    priority: int = 0
    gave_at: datetime | None = None
    """When it last gave a replica back."""
    project: str = ""
    """On whose quota it is: what another project gives back is not its."""

    def __post_init__(self) -> None:
        if min(self.current, self.wanted, self.least, self.device_milli) < 0:
            raise ValueError(f"what {self.endpoint} needs has a number below 0: {self}")


@dataclass(frozen=True)
class Share:
    """What one service may do now."""

    endpoint: str
    free_replicas: int | None
    """How many more it may start; None: any number, for it needs no devices."""
    owed_replicas: int = 0
    """How many it gives back."""
    owed_to: str = ""


@dataclass(frozen=True)
class _Claim:
    """One more replica of a service."""

    need: Need
    is_guaranteed: bool
    turn: int

    @property
    def order(self) -> tuple[bool, int]:
        return not self.is_guaranteed, -self.need.priority


def share(
    needs: Iterable[Need],
    free_milli: int,
    now: datetime,
    *,
    coming_milli: int = 0,
    cool_down_s: float = COOL_DOWN_S,
) -> dict[str, Share]:
    """What each service may do by rules P1 to P4.

    ``coming_milli`` is what replicas hold that are on their way out: nobody gives for it a second time.
    """
    known = sorted(needs, key=lambda need: need.endpoint)
    granted, short, left_milli = _grant(_claims(known), free_milli)
    leaving = sum(max(0, need.current - need.wanted) * need.device_milli for need in known)
    since = now - timedelta(seconds=cool_down_s)
    givers = [need for need in known if need.device_milli and (need.gave_at is None or need.gave_at <= since)]
    owed, owed_to = _take(short, givers, left_milli + coming_milli + leaving)
    return {
        need.endpoint: Share(
            need.endpoint,
            granted[need.endpoint] if need.device_milli else None,
            owed[need.endpoint],
            owed_to.get(need.endpoint, ""),
        )
        for need in known
    }


def _claims(needs: Sequence[Need]) -> list[_Claim]:
    """Every replica that is wanted and not there, in the order of P1."""
    claims = [
        _Claim(need, number <= need.least, number - need.current)
        for need in needs
        if need.device_milli
        for number in range(need.current + 1, max(need.wanted, need.least) + 1)
    ]
    return sorted(claims, key=lambda claim: (*claim.order, claim.turn, claim.need.endpoint))


def _grant(claims: Sequence[_Claim], free_milli: int) -> tuple[Counter[str], list[_Claim], int]:
    """What free devices give, what they do not, and how much of them is left."""
    granted: Counter[str] = Counter()
    short: list[_Claim] = []
    for _, group in groupby(claims, key=lambda claim: claim.order):
        is_blocked = bool(short)
        for claim in group:
            if is_blocked or claim.need.device_milli > free_milli:
                short.append(claim)
                continue
            free_milli -= claim.need.device_milli
            granted[claim.need.endpoint] += 1
    return granted, short, free_milli


def _take(
    short: Sequence[_Claim], givers: Sequence[Need], at_hand_milli: int
) -> tuple[Counter[str], dict[str, str]]:
    """How many replicas each gives back, and to whom."""
    owed: Counter[str] = Counter()
    owed_to: dict[str, str] = {}
    for claim in short:
        lacking = claim.need.device_milli - at_hand_milli
        taken: Counter[str] = Counter()
        while lacking > 0:
            giver = _giver(claim, givers, owed + taken)
            if giver is None:
                return owed, owed_to  # P2: what comes after it waits too
            taken[giver.endpoint] += 1
            lacking -= giver.device_milli
        at_hand_milli = -lacking
        owed += taken
        for endpoint in taken:
            owed_to.setdefault(endpoint, claim.need.endpoint)
    return owed, owed_to


def _giver(claim: _Claim, givers: Sequence[Need], owed: Counter[str]) -> Need | None:
    def above(need: Need) -> int:
        return min(need.current, need.wanted) - need.least - owed[need.endpoint]

    able = [
        need
        for need in givers
        if need.endpoint != claim.need.endpoint
        and need.project == claim.need.project
        and above(need) > 0
        and (claim.is_guaranteed or need.priority < claim.need.priority)
    ]
    return min(able, key=lambda need: (need.priority, -above(need), need.endpoint), default=None)
