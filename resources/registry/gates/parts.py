"""The gate of slices: no part of the test set may be left behind."""

import difflib
from collections.abc import Mapping

from resources.gate_plan import SlicesGate
from resources.registry.evaluations.model import Measurement
from resources.registry.gates.findings import Finding, apart, fault, keeps, points, reaches, share, told
from resources.registry.gates.model import GateEvidence


def slices_findings(gate: SlicesGate, new: Measurement, evidence: GateEvidence) -> list[Finding]:
    """What is asked of each part, the worst first."""
    found = [*_floors(gate, new), *_compared(gate, new, evidence)]
    found.sort(key=lambda one: (one.passed, _depth(one), one.sentence))
    if found and all(one.passed for one in found):
        return found[:1]
    return found or [told(f"no part of the test set has {gate.least_count} samples")]


def _floors(gate: SlicesGate, new: Measurement) -> list[Finding]:
    found = []
    for name, floor in gate.floors.items():
        value = _value_of(new, name)
        found.append(_unknown(name, new) if value is None else _floor(name, value, floor))
    if gate.at_least is not None:
        found += [
            _floor(name, part.value, gate.at_least)
            for name, part in new.slices.items()
            if part.count >= gate.least_count and name not in gate.floors
        ]
    return found


def _compared(gate: SlicesGate, new: Measurement, evidence: GateEvidence) -> list[Finding]:
    if gate.worse_by is None:
        return []
    if evidence.champion_number is None:
        return [told("there is no champion to compare with")]
    champion = f"model {evidence.champion_number}, the champion"
    if evidence.champion is None:
        return [fault(f"{champion}, was not measured on this test set")]
    old = evidence.champion.slices
    return [
        _worse(name, part.value, old[name].value, gate.worse_by, champion)
        for name, part in new.slices.items()
        if part.count >= gate.least_count and name in old
    ]


def _floor(name: str, value: float, floor: float) -> Finding:
    shown, bound = apart(100 * value, 100 * floor)
    return Finding(
        reaches(value, floor), f"{name} reaches {shown}%; at least {bound}% is asked", value, floor
    )


def _worse(name: str, value: float, old: float, worse_by: float, champion: str) -> Finding:
    loss = old - value
    side = "below" if loss > 0 else "above"
    sentence = (
        f"{name} reaches {share(value)}, {points(abs(loss), worse_by)} {side} the {share(old)} of "
        f"{champion}; at most {points(worse_by)} less is allowed"
    )
    return Finding(keeps(loss, worse_by), sentence, loss, worse_by)


def _value_of(new: Measurement, name: str) -> float | None:
    """Of a part by its name; of a class that has too few samples for a part, how much of it was found."""
    part = {str(one): score for one, score in new.slices.items()}.get(name)
    if part is not None:
        return part.value
    recalls: Mapping[str, float | None] = {f"class:{label}": value for label, value in new.recalls.items()}
    return recalls.get(name)


def _unknown(name: str, new: Measurement) -> Finding:
    known = sorted({*map(str, new.slices), *(f"class:{label}" for label in new.recalls)})
    near = difflib.get_close_matches(name, known, 1, 0.6)
    hint = f"is {near[0]} meant?" if near and near[0] != name else f"there are {', '.join(known) or 'none'}"
    return fault(f"{name} is no part of the test set that was measured; {hint}")


def _depth(one: Finding) -> float:
    """The farthest on the wrong side comes first; of those that passed, the one nearest to its limit."""
    return one.margin if one.passed else -one.margin
