"""Whether a model passes its gates: a pure function of what is declared and what is known.

Each gate looks at its own evidence only, so the order of gates does not matter. A stricter limit never passes
what a laxer one failed. What is not known does not pass, unless the gate says so or there is nothing to know:
the first model has no champion to be compared with.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from resources.gate_plan import (
    CalibrationGate,
    DataChecksGate,
    DriftGate,
    ForgettingGate,
    Gate,
    GatePlan,
    LatencyGate,
    LicenceGate,
    QualityGate,
    SizeGate,
)
from resources.registry.evaluations.model import Measurement
from resources.registry.gates.findings import (
    Finding,
    apart,
    fault,
    keeps,
    least,
    most,
    most_of,
    points,
    reaches,
    result,
    share,
    told,
)
from resources.registry.gates.model import CheckOutcome, GateEvidence, GateResult
from resources.registry.gates.parts import slices_findings

MIB = 1024 * 1024


def judge(plan: GatePlan, evidence: GateEvidence) -> tuple[GateResult, ...]:
    """What each gate of the plan says, in the order in which gates are told."""
    return tuple(result(gate, _findings(gate, evidence)) for gate in plan.declared().values())


def _findings(gate: Gate, evidence: GateEvidence) -> list[Finding]:
    of_data = _OF_DATA.get(gate.name)
    if of_data is not None:
        return of_data(gate, evidence)
    if evidence.new is None:
        return [fault("the model was not measured")]
    return _OF_MODELS[gate.name](gate, evidence.new, evidence)


def _quality(gate: QualityGate, new: Measurement, evidence: GateEvidence) -> list[Finding]:
    found = []
    if gate.at_least is not None:
        found.append(least(f"the {new.measure.words}", new.value, gate.at_least))
    if gate.better_by is not None:
        found.append(_better(gate, gate.better_by, new, evidence))
    return found


def _better(gate: QualityGate, by: float, new: Measurement, evidence: GateEvidence) -> Finding:
    what, old = f"the {new.measure.words}", _champion(evidence)
    if isinstance(old, Finding):
        return old
    seen = evidence.difference
    if seen is None and gate.sure:
        return fault(f"what model {evidence.champion_number}, the champion, or the new one said is not kept")
    gain = new.value - old.value if seen is None else seen.value
    interval = "" if seen is None else f" (95% interval {_rounded(seen.low)} to {_rounded(seen.high)})"
    reached = seen.low if seen is not None and gate.sure else gain
    asked = f"at least {points(by)} is asked" + (", at the low end of the interval" if gate.sure else "")
    sentence = f"{what} is {_beside(gain, by, evidence)}{interval}; {asked}"
    return Finding(reaches(reached, by), sentence, reached, by)


def _rounded(share_: float) -> str:
    """In points; what a resampling leaves beside zero is zero."""
    return f"{round(100 * share_, 2) + 0:g}"


def _forgetting(gate: ForgettingGate, new: Measurement, _: GateEvidence) -> list[Finding]:
    if new.forgetting is None:
        return [told("there are no earlier tasks that it could have forgotten")]
    return [most("what it has forgotten of earlier tasks", new.forgetting, gate.at_most)]


def _latency(gate: LatencyGate, new: Measurement, evidence: GateEvidence) -> list[Finding]:
    what, found = "the 99th percentile of its latency", []
    if new.latency_p99_ms is None:
        return [fault("nobody timed its answers")]
    if gate.p99_ms is not None:
        found.append(most_of(what, new.latency_p99_ms, gate.p99_ms, "ms"))
    if gate.times is not None:
        found.append(_times(what, new, lambda one: one.latency_p99_ms, gate.times, evidence))
    return found


def _size(gate: SizeGate, new: Measurement, evidence: GateEvidence) -> list[Finding]:
    what, found = "the size of its weights", []
    if gate.mib is not None:
        found.append(most_of(what, new.size_bytes / MIB, gate.mib, "MiB"))
    if gate.times is not None:
        found.append(_times(what, new, lambda one: one.size_bytes, gate.times, evidence))
    return found


def _times(
    what: str,
    new: Measurement,
    of: Callable[[Measurement], float | None],
    limit: float,
    evidence: GateEvidence,
) -> Finding:
    old = _champion(evidence)
    if isinstance(old, Finding):
        return old
    value, before, whose = of(new), of(old), f"that of model {evidence.champion_number}, the champion"
    if not before or value is None:
        return fault(f"{what} cannot be compared: {whose} is not known")
    times = value / before
    shown, bound = apart(times, limit, 3)
    sentence = f"{what} is {shown} times {whose}; at most {bound} times is allowed"
    return Finding(keeps(times, limit), sentence, times, limit)


def _calibration(gate: CalibrationGate, new: Measurement, evidence: GateEvidence) -> list[Finding]:
    found = []
    if new.calibration_error is None:
        return [fault("it said nothing of which a calibration could be measured")]
    if gate.at_most is not None:
        found.append(most("its calibration error", new.calibration_error, gate.at_most))
    if gate.worse_by is not None:
        found.append(_worse_calibrated(new.calibration_error, gate.worse_by, evidence))
    return found


def _worse_calibrated(value: float, worse_by: float, evidence: GateEvidence) -> Finding:
    old = _champion(evidence)
    if isinstance(old, Finding):
        return old
    if old.calibration_error is None:
        return told("the champion said nothing of which a calibration could be measured")
    worse = value - old.calibration_error
    said = f"its calibration error is {share(value)}, {_beside(worse, worse_by, evidence)}"
    return Finding(keeps(worse, worse_by), f"{said}; at most {points(worse_by)} is allowed", worse, worse_by)


def _beside(gain: float, limit: float, evidence: GateEvidence) -> str:
    side = "above" if gain >= 0 else "below"
    return f"{points(abs(gain), abs(limit))} {side} that of model {evidence.champion_number}, the champion"


def _champion(evidence: GateEvidence) -> Measurement | Finding:
    """The champion's measurement, or what to say where there is none."""
    if evidence.champion is not None:
        return evidence.champion
    if evidence.champion_number is None:
        return told("there is no champion to compare with")
    return fault(f"model {evidence.champion_number}, the champion, was not measured on this test set")


def _drift(gate: DriftGate, evidence: GateEvidence) -> list[Finding]:
    one = evidence.drift
    if one is None:
        return [told("the data version has no parent that it could have drifted from")]
    return _checks([one], missing_passes=gate.missing_passes)


def _data_checks(gate: DataChecksGate, evidence: GateEvidence) -> list[Finding]:
    if not evidence.data_checks and not gate.missing_passes:
        return [fault("no check of its data version is known")]
    return _checks(evidence.data_checks, missing_passes=gate.missing_passes)


def _checks(checks: Sequence[CheckOutcome], *, missing_passes: bool) -> list[Finding]:
    failed = [one for one in checks if one.passed is False]
    missing = [one for one in checks if one.passed is None]
    if failed:
        told_of = [f"{one.name} did not pass" + (f": {one.said}" if one.said else "") for one in failed]
        count = float(len(failed))
        return [Finding(passed=False, sentence=sentence, value=count, limit=0.0) for sentence in told_of]
    if missing and not missing_passes:
        names = ", ".join(sorted(one.name for one in missing))
        return [fault(f"not run for its data version: {names}")]
    if not checks:
        return [told("no check of its data version is known, none failed")]
    passed = len(checks) - len(missing)
    not_run = f", {len(missing)} were not run" if missing else ""
    sentence = f"{passed} of {len(checks)} checks of its data version passed{not_run}, none failed"
    return [Finding(passed=True, sentence=sentence, value=0.0, limit=0.0)]


def _licence(_: LicenceGate, evidence: GateEvidence) -> list[Finding]:
    if evidence.licence.strip():
        return [told(f"the terms of the data are {evidence.licence.strip()}")]
    return [fault("nothing says on what terms the data may be used; a licence or a note is asked")]


_OF_DATA: Mapping[str, Callable[[Any, GateEvidence], list[Finding]]] = {
    "drift": _drift,
    "data_checks": _data_checks,
    "licence": _licence,
}
_OF_MODELS: Mapping[str, Callable[[Any, Measurement, GateEvidence], list[Finding]]] = {
    "quality": _quality,
    "slices": slices_findings,
    "forgetting": _forgetting,
    "latency": _latency,
    "size": _size,
    "calibration": _calibration,
}
