"""What a model must pass before it is promoted, in the words that files, data sets and the registry share."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from resources.errors import BadInput


class IfFailed(StrEnum):
    """What happens when a model does not pass."""

    KEEP = "keep"
    """The champion stays, and the loop goes on."""
    STOP = "stop"
    """The round stops before it decides, until a person acts: the check in Dagster is a blocking one."""
    WARN = "warn"
    """It is said, and nothing else happens."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One condition. Raises :class:`BadInput` for limits that cannot be."""

    name: ClassVar[str]
    """How files and plans call it."""
    if_failed: IfFailed = IfFailed.KEEP

    @property
    def bars(self) -> bool:
        """Whether a model that fails may not be promoted."""
        return self.if_failed is not IfFailed.WARN


@dataclass(frozen=True)
class QualityGate(Gate):
    """How good the model must be on the test set."""

    name = "quality"
    at_least: float | None = None
    """By the measure of the data set, 0 to 1."""
    better_by: float | None = None
    """So much above the champion, -1 to 1; less than 0 allows it to be a little worse. The first has none."""
    sure: bool = False
    """Whether the low end of the 95 % interval must reach ``better_by``, and not only what was seen."""

    def __post_init__(self) -> None:
        """Refuse limits that no quality can have."""
        _within(self, "at_least", 0, 1)
        _within(self, "better_by", -1, 1)
        if self.sure and self.better_by is None:
            raise _bad(self, "sure", "true", "better_by beside it, such as 0.0")
        _something(self, "at_least", "better_by")


@dataclass(frozen=True)
class SlicesGate(Gate):
    """How good it must be on each part of the test set: each class (``class:7``) and each slice."""

    name = "slices"
    at_least: float | None = None
    """On every part, 0 to 1."""
    floors: Mapping[str, float] = field(default_factory=dict, hash=False)
    """On the parts that are named, instead of ``at_least``."""
    worse_by: float | None = None
    """So much below the champion it may be on any part, 0 to 1."""
    least_count: int = 20
    """Parts with fewer samples are judged by their own floor only."""

    def __post_init__(self) -> None:
        """Refuse limits that no part can have."""
        _within(self, "at_least", 0, 1)
        _within(self, "worse_by", 0, 1)
        for name, floor in self.floors.items():
            if not 0 <= floor <= 1:
                raise _bad(self, "floors", f"{floor:g} for {name}", "0 to 1")
        if self.least_count < 1:
            raise _bad(self, "least_count", self.least_count, "1 or more samples")
        if not self.floors:
            _something(self, "at_least", "floors", "worse_by")


@dataclass(frozen=True)
class ForgettingGate(Gate):
    """How much of earlier tasks it may have forgotten."""

    name = "forgetting"
    at_most: float = 0.1
    """Mean over the tasks, below the best version before, 0 to 1."""

    def __post_init__(self) -> None:
        """Refuse what cannot be forgotten."""
        _within(self, "at_most", 0, 1)


@dataclass(frozen=True)
class LatencyGate(Gate):
    """How long one answer may take, on one thread of a processor."""

    name = "latency"
    p99_ms: float | None = None
    """99 of 100 answers come within so many milliseconds."""
    times: float | None = None
    """So many times the champion's 99th percentile."""

    def __post_init__(self) -> None:
        """Refuse times that no answer can take."""
        _above_zero(self, "p99_ms", "times")
        _something(self, "p99_ms", "times")


@dataclass(frozen=True)
class SizeGate(Gate):
    """How large its weights may be."""

    name = "size"
    mib: float | None = None
    times: float | None = None
    """So many times the champion's."""

    def __post_init__(self) -> None:
        """Refuse sizes that nothing has."""
        _above_zero(self, "mib", "times")
        _something(self, "mib", "times")


@dataclass(frozen=True)
class CalibrationGate(Gate):
    """How far what it says of its certainty may be from how often it is right."""

    name = "calibration"
    at_most: float | None = None
    """Expected calibration error, 0 to 1."""
    worse_by: float | None = None
    """So much above the champion's, 0 to 1."""

    def __post_init__(self) -> None:
        """Refuse errors that cannot be."""
        _within(self, "at_most", 0, 1)
        _within(self, "worse_by", 0, 1)
        _something(self, "at_most", "worse_by")


@dataclass(frozen=True)
class DriftGate(Gate):
    """The check of drift from the parent passed for its data version."""

    name = "drift"
    missing_passes: bool = False
    """Whether a version whose check was not run passes."""


@dataclass(frozen=True)
class DataChecksGate(Gate):
    """Every blocking check of its data version passed."""

    name = "data_checks"
    missing_passes: bool = False
    """Whether checks that were not run pass."""


@dataclass(frozen=True)
class LicenceGate(Gate):
    """A licence or a note says on what terms the data may be used."""

    name = "licence"


@dataclass(frozen=True)
class GatePlan:
    """What a data set's models must pass. Where nothing is declared, no blocking data check has failed."""

    quality: QualityGate | None = None
    slices: SlicesGate | None = None
    forgetting: ForgettingGate | None = None
    latency: LatencyGate | None = None
    size: SizeGate | None = None
    calibration: CalibrationGate | None = None
    drift: DriftGate | None = None
    data_checks: DataChecksGate | None = field(default_factory=lambda: DataChecksGate(missing_passes=True))
    licence: LicenceGate | None = None

    def declared(self) -> dict[str, Gate]:
        """The gates that there are, by name, in the order in which they are told."""
        each = {name: getattr(self, name) for name in GATES}
        return {name: gate for name, gate in each.items() if gate is not None}

    def only(self, name: str) -> "GatePlan":
        """The same with one gate alone."""
        alone: dict[str, Any] = dict.fromkeys(GATES)
        return GatePlan(**alone | {name: getattr(self, name)})


@dataclass(frozen=True)
class DeclaredGates:
    """The gates that a data set declares, with the terms of its data as its file says them."""

    plan: GatePlan
    licence: str = ""


GATES: Mapping[str, type[Gate]] = {
    one.name: one
    for one in (
        QualityGate,
        SlicesGate,
        ForgettingGate,
        LatencyGate,
        SizeGate,
        CalibrationGate,
        DriftGate,
        DataChecksGate,
        LicenceGate,
    )
}
"""The gates by the names that they have in a file and in a plan, in the order in which they are told."""

REQUIRED = "required"
"""What a file may say of a gate that needs no limits: ``licence: required``."""

NEEDS_LIMITS = frozenset({"quality", "slices", "latency", "size", "calibration"})


def _something(gate: Gate, *names: str) -> None:
    """Refuse a gate that everything would pass."""
    if all(getattr(gate, name) is None or getattr(gate, name) == {} for name in names):
        raise BadInput(
            f"the gate {gate.name} has no limit; expected one of {', '.join(names)}",
            "See docs/models-gates.md.",
        )


def _within(gate: Gate, name: str, least: float, most: float) -> None:
    value = getattr(gate, name)
    if value is not None and not least <= value <= most:
        raise _bad(gate, name, f"{value:g}", f"{least:g} to {most:g}")


def _above_zero(gate: Gate, *names: str) -> None:
    for name in names:
        value = getattr(gate, name)
        if value is not None and not 0 < value < math.inf:
            raise _bad(gate, name, f"{value:g}", "more than 0")


def _bad(gate: Gate, limit: str, value: object, expected: str) -> BadInput:
    return BadInput(
        f"{limit} of the gate {gate.name} is {value}; expected {expected}", "See docs/models-gates.md."
    )
