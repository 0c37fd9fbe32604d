"""What one limit says about a model, and how several of them become the result of a gate."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from resources.gate_plan import Gate
from resources.registry.gates.model import GateResult

SHOWN = 3
"""So many of the limits that were not kept are told; then only how many more there are."""
SLACK = 1e-9
"""What is so little beyond a limit is on it: 0.8 - 0.7 is more than 0.1 to a machine only."""
MOST_DIGITS = 9


@dataclass(frozen=True)
class Finding:
    """One value against its limit."""

    passed: bool
    sentence: str
    value: float | None = None
    limit: float | None = None

    @property
    def margin(self) -> float:
        """How far it is on the right side; smaller is worse."""
        return 0.0 if self.value is None or self.limit is None else abs(self.value - self.limit)


def least(what: str, value: float, limit: float) -> Finding:
    """A share that must be so high."""
    shown, bound = apart(100 * value, 100 * limit)
    return Finding(reaches(value, limit), f"{what} is {shown}%; at least {bound}% is asked", value, limit)


def most(what: str, value: float, limit: float) -> Finding:
    """A share that may be so high."""
    shown, bound = apart(100 * value, 100 * limit)
    return Finding(keeps(value, limit), f"{what} is {shown}%; at most {bound}% is allowed", value, limit)


def most_of(what: str, value: float, limit: float, unit: str) -> Finding:
    """An amount that may be so large."""
    shown, bound = apart(value, limit)
    sentence = f"{what} is {shown} {unit}; at most {bound} {unit} is allowed"
    return Finding(keeps(value, limit), sentence, value, limit)


def reaches(value: float, limit: float) -> bool:
    """Whether a value is as large as it must be."""
    return value >= limit - SLACK * max(1.0, abs(limit))


def keeps(value: float, limit: float) -> bool:
    """Whether a value is as small as it must be."""
    return value <= limit + SLACK * max(1.0, abs(limit))


def apart(value: float, limit: float, digits: int = 4) -> tuple[str, str]:
    """Both with so many digits, or as many more as tell one from the other."""
    is_same = reaches(value, limit) and keeps(value, limit)
    value, limit = round(value, MOST_DIGITS) + 0, round(limit, MOST_DIGITS) + 0
    while not is_same and digits < MOST_DIGITS and f"{value:.{digits}g}" == f"{limit:.{digits}g}":
        digits += 1
    return f"{value:.{digits}g}", f"{limit:.{digits}g}"


def told(sentence: str) -> Finding:
    """There is nothing to compare with, which is no fault."""
    return Finding(passed=True, sentence=sentence)


def fault(sentence: str) -> Finding:
    """What the limit is about is not known, or not there."""
    return Finding(passed=False, sentence=sentence)


def result(gate: Gate, findings: Sequence[Finding]) -> GateResult:
    """A gate is passed where each of its limits is; its sentence tells those that are not, or all."""
    failed = [one for one in findings if not one.passed]
    shown = failed or list(findings)
    sentence = "; ".join(one.sentence for one in shown[:SHOWN])
    if len(shown) > SHOWN:
        sentence += f"; and {len(shown) - SHOWN} more"
    first = next((one for one in shown if one.value is not None), shown[0])
    value, limit = first.value, first.limit
    return GateResult(gate.name, not failed, sentence, value, limit, gate.if_failed, asked_of(gate))


def asked_of(gate: Gate) -> str:
    """What a gate asks, the same for the same declaration; what happens otherwise is no part of it."""
    said = {one.name: getattr(gate, one.name) for one in fields(gate) if one.name != "if_failed"}
    return json.dumps(
        {name: dict(one) if isinstance(one, Mapping) else one for name, one in said.items()}, sort_keys=True
    )


def share(value: float) -> str:
    """In per cent."""
    return f"{100 * value:.4g}%"


def points(value: float, limit: float | None = None) -> str:
    """A difference of shares, in points, with as many digits as tell it from its limit."""
    shown, _ = apart(100 * value, 100 * (value if limit is None else limit), 3)
    return f"{shown} point" if shown in ("1", "-1") else f"{shown} points"
