"""What one limit says about a model, and how several of them become the result of a gate."""

from collections.abc import Sequence
from dataclasses import dataclass

from resources.gate_plan import Gate
from resources.registry.gates.model import GateResult

SHOWN = 3
"""So many of the limits that were not kept are told; then only how many more there are."""


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
    sentence = f"{what} is {share(value)}; at least {share(limit)} is asked"
    return Finding(value >= limit, sentence, value, limit)


def most(what: str, value: float, limit: float) -> Finding:
    """A share that may be so high."""
    return Finding(
        value <= limit, f"{what} is {share(value)}; at most {share(limit)} is allowed", value, limit
    )


def most_of(what: str, value: float, limit: float, unit: str) -> Finding:
    """An amount that may be so large."""
    sentence = f"{what} is {value:.4g} {unit}; at most {limit:.4g} {unit} is allowed"
    return Finding(value <= limit, sentence, value, limit)


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
    return GateResult(gate.name, not failed, sentence, first.value, first.limit, gate.if_failed)


def share(value: float) -> str:
    """In per cent, with as many digits as tell it from its limit."""
    return f"{100 * value:.4g}%"


def points(value: float) -> str:
    """A difference of shares, in points."""
    told = f"{100 * value:.3g}"
    return f"{told} point" if told in ("1", "-1") else f"{told} points"
