"""How much of what it is owed a project can lend without wanting it back soon.

What is lent comes back late: a borrower runs until it is done, or for its minimum runtime and a checkpoint.
So a project holds back what it will probably ask for meanwhile, and warms up for what it will ask for then.

Rules; the one of F2 to F4 that keeps most decides:

- **F1** There is no forecast for these hours: the project keeps what it asks for, and no more.
- **F2** Hold back: what demand stays below in nine hours of ten, within the next ``hold_h`` hours.
- **F3** Warm up: the median of the ``warm_h`` hours after those; lending stops before that demand arrives.
- **F4** What the project asks for already, where that is more.
- **F5** What is left to lend is more than the project's own lending limit allows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from resources.gpu.forecast.history import HOUR_S
from resources.gpu.forecast.model import Quantiles
from resources.gpu.policy.reason import Reason, Value
from resources.texts import mark

HOLD_H = 4
"""Within how many hours lent devices are back for certain: what a lender must be able to bridge."""
WARM_H = 4
"""How many hours after those are prepared for."""

_F1 = mark(
    "There is no forecast for {project}; it keeps the {held} devices it asks for, and can lend {limit}."
)
_F2 = mark(
    "{project} keeps {held} of its {nominal} devices: it will probably ask for no more within {hours} h; "
    "it can lend {limit}."
)
_F3 = mark(
    "{project} prepares to use {held} of its {nominal} devices in {hours} h to {until} h; until then it "
    "lends at most {limit}."
)
_F4 = mark(
    "{project} asks for {held} of its {nominal} devices already, more than expected; it can lend {limit}."
)
_F5 = mark("{project} could lend {free} devices, and its lending limit is {limit}.")


@dataclass(frozen=True)
class Owed:
    """What one project is owed of the devices, and already asks for; in thousandths of a device.

    Raises :class:`ValueError` for numbers below 0.
    """

    project: str
    nominal_milli: int
    asks_milli: int = 0
    """What it runs and waits for."""
    lending_limit_milli: int | None = None
    """The most that it lends by its quota; None: all of it."""

    def __post_init__(self) -> None:
        if min(self.nominal_milli, self.asks_milli, self.lending_limit_milli or 0) < 0:
            raise ValueError(f"what {self.project} is owed has a number below 0: {self}")


@dataclass(frozen=True)
class Forecast:
    """What projects will ask for, by the hour from ``start_s`` on (seconds since 1970)."""

    start_s: int
    projects: dict[str, Quantiles]

    def window(self, project: str, now_s: float, hours: int) -> Quantiles | None:
        """The ``hours`` from the one of ``now_s`` on; None where one of them is not forecast."""
        found = self.projects.get(project)
        first = int((now_s - self.start_s) // HOUR_S)
        if found is None or first < 0 or first + hours > len(found.median):
            return None
        return Quantiles(found.median[first : first + hours], found.high[first : first + hours])


@dataclass(frozen=True)
class LendingLimit:
    """What a project can lend now, in thousandths of a device: from 0 to its nominal quota."""

    project: str
    limit_milli: int
    held_milli: int
    """What it keeps for itself; with what is lent at most its nominal quota."""
    reason: Reason


def lending_limits(
    owed: Iterable[Owed],
    forecast: Forecast | None,
    now_s: float,
    *,
    hold_h: int = HOLD_H,
    warm_h: int = WARM_H,
) -> dict[str, LendingLimit]:
    """The limit of each project by rules F1 to F5. Raises ValueError for hours to bridge below 1."""
    if hold_h < 1 or warm_h < 0:
        raise ValueError(f"hold_h is {hold_h} and warm_h {warm_h}; expected 1 or more, and 0 or more")
    return {one.project: _limit(one, forecast, now_s, hold_h, warm_h) for one in owed}


def _limit(owed: Owed, forecast: Forecast | None, now_s: float, hold_h: int, warm_h: int) -> LendingLimit:
    window = None if forecast is None else forecast.window(owed.project, now_s, hold_h + warm_h)
    wanted, reason_of = _wanted(owed, window, hold_h)
    held = min(wanted, owed.nominal_milli)
    free = owed.nominal_milli - held
    allowed = owed.nominal_milli if owed.lending_limit_milli is None else owed.lending_limit_milli
    limit = min(free, allowed)
    rule, template = ("F5", _F5) if limit < free else reason_of
    values: dict[str, Value] = {
        "project": owed.project,
        "held": devices(held),
        "nominal": devices(owed.nominal_milli),
        "free": devices(free),
        "limit": devices(limit),
        "hours": hold_h,
        "until": hold_h + warm_h,
    }
    return LendingLimit(owed.project, limit, held, Reason(rule, template, values))


def _wanted(owed: Owed, window: Quantiles | None, hold_h: int) -> tuple[int, tuple[str, str]]:
    """How much a project keeps, in milli, and the rule that says so."""
    if window is None:
        return owed.asks_milli, ("F1", _F1)
    soon = ceil(max(window.high[:hold_h]))
    later = ceil(max(window.median[hold_h:], default=0.0))
    if owed.asks_milli > max(soon, later):
        return owed.asks_milli, ("F4", _F4)
    return (soon, ("F2", _F2)) if soon >= later else (later, ("F3", _F3))


def devices(milli: int) -> str:
    """Thousandths of a device as people write them: ``2``, ``0.5``."""
    return f"{milli / 1000:.3f}".rstrip("0").rstrip(".")
