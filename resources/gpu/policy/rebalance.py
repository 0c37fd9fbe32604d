"""Lending of cards between groups, when one has little use for what it is owed and another waits.

cube-studio moved whole nodes between project groups where their rates of use differed by more than 20 %, one
in each round, looking neither at what the giver runs nor back (``adjust_node_resource``). Here cards are
lent: the lending limit of the giver rises, what it is owed stays, and it can have it back.

Rules:

- **L1** A group lends cards while it leaves more than ``threshold`` of what it is owed unused, another has
  waited for ``patience_s`` for more than it is owed, and nothing is free to borrow. It goes on keeping its
  use, what it waits for itself, the threshold as a reserve, and in any case what is guaranteed to it. Who
  uses the smallest part lends first.
- **L2** A group takes cards back when what it keeps is short, by more than ``hysteresis``, of what it uses
  and waits for itself; or where it keeps less than what is guaranteed to it.
- **L3** What was changed stays so for at least ``dwell_s``.

Between the two marks of L1 and L2 lies a gap, so that a demand that stays the same moves nothing twice.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from resources.errors import BadInput
from resources.gpu.policy.amounts import ANY_DEVICE, Resource, shown
from resources.gpu.policy.quota_model import Party, QuotaRows
from resources.gpu.policy.reason import Reason, Value
from resources.texts import mark

_CARD_MILLI = 1000

_L1 = mark("{who} uses {used} of {nominal} and lends {cards}: {waiting} waits for more than it is owed.")
_L2 = mark("{who} takes {cards} back: it uses and waits for {wanted}, and keeps {kept} of {nominal}.")
_L3 = mark("{who} would change what it lends, and did so {seconds} s ago: it stays so for {dwell} s.")


class MoveKind(StrEnum):
    """What a move does."""

    LEND = "lend"
    TAKE_BACK = "take back"
    STAY = "stay"
    """Something would move, and may not yet."""


@dataclass(frozen=True)
class LendingSettings:
    """When cards move. Raises :class:`BadInput` for a number that makes no sense."""

    threshold: float = 0.2
    """The part of what it is owed that a group leaves unused before it lends, and then keeps."""
    hysteresis: float = 0.1
    """The part of what it is owed that a group may be short of before it takes back."""
    dwell_s: float = 600.0
    patience_s: float = 300.0
    smallest_milli: int = _CARD_MILLI
    """Groups that are owed less than this never lend."""
    dry_run: bool = False
    """Say what would move, and move nothing."""

    def __post_init__(self) -> None:
        for name, value, most in (
            ("threshold", self.threshold, 1.0),
            ("hysteresis", self.hysteresis, 1.0),
            ("dwell_s", self.dwell_s, math.inf),
            ("patience_s", self.patience_s, math.inf),
            ("smallest_milli", float(self.smallest_milli), math.inf),
        ):
            if not (0 <= value <= most and math.isfinite(value)):
                raise BadInput(
                    f"lending has the {name} {value}; expected 0 to {most if most == 1 else 'any number'}",
                    f"Set {name} within that range.",
                )


@dataclass(frozen=True)
class Group:
    """A cohort or project that is owed devices of one flavour, in thousandths."""

    party: Party
    nominal_milli: int
    lending_milli: int
    """How much of it others may use now."""
    used_milli: int = 0
    waiting_milli: int = 0
    """What its waiting requests ask for."""
    waited_s: float = 0.0
    """How long the oldest of them has waited."""
    guaranteed_milli: int = 0
    """What it never lends."""
    changed_at_s: float = -math.inf
    """When its lending was changed last."""
    resource: Resource = ANY_DEVICE

    @property
    def kept_milli(self) -> int:
        """What nobody else may use."""
        return self.nominal_milli - self.lending_milli

    @property
    def own_demand_milli(self) -> int:
        """What it uses and waits for of what it is owed."""
        return min(self.nominal_milli, self.used_milli + self.waiting_milli)

    @property
    def rate(self) -> float:
        """The part of what it is owed that it uses."""
        return self.used_milli / self.nominal_milli if self.nominal_milli else math.inf

    @property
    def wants_milli(self) -> int:
        """What it waits for beyond what it is owed."""
        return max(0, self.used_milli + self.waiting_milli - max(self.used_milli, self.nominal_milli))

    @property
    def borrowed_milli(self) -> int:
        """What it uses beyond what it is owed."""
        return max(0, self.used_milli - self.nominal_milli)


@dataclass(frozen=True)
class Move:
    """A change of what a group lends, or the reason that there is none yet."""

    party: Party
    resource: Resource
    kind: MoveKind
    from_milli: int
    to_milli: int
    reason: Reason


def rebalance(
    groups: Sequence[Group], settings: LendingSettings, now_s: float
) -> tuple[list[Move], tuple[Group, ...]]:
    """The moves, in the order of their rules, and the groups after them: the same ones when it is a dry run.

    ``groups`` share one cohort and one flavour.
    """
    moves = [move for group in groups if (move := _taken_back(group, settings, now_s)) is not None]
    moves += _lent(groups, settings, now_s)
    return moves, groups_after(groups, [] if settings.dry_run else moves, now_s)


def groups_after(groups: Sequence[Group], moves: Sequence[Move], now_s: float) -> tuple[Group, ...]:
    """The groups when ``moves`` are made."""
    to = {(move.party, move.resource): move.to_milli for move in moves if move.kind is not MoveKind.STAY}
    return tuple(
        replace(group, lending_milli=to[group.party, group.resource], changed_at_s=now_s)
        if (group.party, group.resource) in to
        else group
        for group in groups
    )


def rows_after(rows: QuotaRows, moves: Sequence[Move]) -> QuotaRows:
    """The rows of quotas with the lending limits that ``moves`` set."""
    to = {(move.party, move.resource): move.to_milli for move in moves if move.kind is not MoveKind.STAY}
    changed = tuple(
        replace(row, lending_limit=to.get((row.party, row.resource), row.lending_limit))
        for row in rows.quotas
    )
    return replace(rows, quotas=changed)


def _taken_back(group: Group, settings: LendingSettings, now_s: float) -> Move | None:
    short = group.own_demand_milli - group.kept_milli
    if short <= settings.hysteresis * group.nominal_milli:
        short = 0
    short = max(short, group.guaranteed_milli - group.kept_milli)
    if group.lending_milli <= 0 or short <= 0:
        return None
    to = max(0, group.lending_milli - _up_to_cards(short))
    if (held := _held(group, to, settings, now_s)) is not None:
        return held
    values = _values(group, to) | {
        "wanted": shown(group.resource, group.own_demand_milli),
        "kept": shown(group.resource, group.kept_milli),
    }
    return Move(
        group.party, group.resource, MoveKind.TAKE_BACK, group.lending_milli, to, Reason("L2", _L2, values)
    )


def _lent(groups: Sequence[Group], settings: LendingSettings, now_s: float) -> list[Move]:
    waiting = [one for one in groups if one.wants_milli > 0 and one.waited_s >= settings.patience_s]
    need = sum(one.wants_milli for one in waiting) - _free_to_borrow(groups)
    moves: list[Move] = []
    for group in sorted(groups, key=lambda one: (one.rate, one.party.path)):
        if need <= 0:
            break
        cards = min(_up_to_cards(need), _spare(group, settings))
        if cards <= 0:
            continue
        need -= cards
        to = group.lending_milli + cards
        if (held := _held(group, to, settings, now_s)) is not None:
            moves.append(held)
            continue
        first = max(waiting, key=lambda one: (one.waited_s, one.party.path))
        values = _values(group, to) | {"waiting": first.party.path}
        reason = Reason("L1", _L1, values)
        moves.append(Move(group.party, group.resource, MoveKind.LEND, group.lending_milli, to, reason))
    return moves


def _spare(group: Group, settings: LendingSettings) -> int:
    """What more a group can lend, in whole cards."""
    if group.nominal_milli < settings.smallest_milli or group.wants_milli > 0:
        return 0
    idle = group.nominal_milli - group.own_demand_milli
    reserve = settings.threshold * group.nominal_milli
    if idle <= reserve:
        return 0
    keeps = max(float(group.guaranteed_milli), group.own_demand_milli + reserve)
    return math.floor((group.nominal_milli - keeps - group.lending_milli) / _CARD_MILLI) * _CARD_MILLI


def _free_to_borrow(groups: Sequence[Group]) -> int:
    """What is lent and not yet used: others' requests get it without any move."""
    lendable = sum(min(one.lending_milli, max(0, one.nominal_milli - one.used_milli)) for one in groups)
    return max(0, lendable - sum(one.borrowed_milli for one in groups))


def _held(group: Group, to: int, settings: LendingSettings, now_s: float) -> Move | None:
    passed_s = now_s - group.changed_at_s
    if passed_s >= settings.dwell_s:
        return None
    values = _values(group, to) | {"seconds": round(passed_s), "dwell": round(settings.dwell_s)}
    stays = group.lending_milli
    return Move(group.party, group.resource, MoveKind.STAY, stays, stays, Reason("L3", _L3, values))


def _values(group: Group, to: int) -> dict[str, Value]:
    return {
        "who": group.party.path,
        "cards": shown(group.resource, abs(to - group.lending_milli)),
        "used": shown(group.resource, group.used_milli),
        "nominal": shown(group.resource, group.nominal_milli),
    }


def _up_to_cards(milli: int) -> int:
    return math.ceil(milli / _CARD_MILLI) * _CARD_MILLI
