"""A verdict in one sentence, for a person, and as JSON, for a table."""

import json
from typing import Any

from resources.learning.triggering.model import ConditionRow, GuardRow, Verdict
from resources.learning.triggering.words import Said
from resources.texts import Translate

GROUPS = frozenset({"AnyOf", "AllOf"})


def sentence(verdict: Verdict, _: Translate = str) -> str:
    """Why it trains now, or why not: what holds it back first, then what its conditions lack."""
    leaves = [one for one in verdict.conditions if one.kind not in GROUPS]
    comma = _("; ")
    if verdict.fires:
        reasons = comma.join(one.said.translated(_) for one in leaves if one.met)
        return _("Trains, because {reasons}.").format(reasons=reasons)
    held = [one.said.translated(_) for one in verdict.holding]
    if verdict.conditions[0].met:
        met = comma.join(one.said.translated(_) for one in leaves if one.met)
        return _("Would train ({met}), but {held}.").format(met=met, held=comma.join(held))
    lacking = comma.join(one.said.translated(_) for one in leaves if not one.met)
    return _("Does not train: {lacking}.").format(lacking=comma.join([*held, lacking]))


def signature(verdict: Verdict) -> str:
    """What makes a verdict another one: what is met and what holds, not by how much."""
    flags = [f"{one.place}{one.kind}{one.met}" for one in verdict.conditions]
    flags += [f"{one.kind}{one.holds}" for one in verdict.guards]
    return "|".join([str(verdict.fires), str(verdict.by_hand), *flags])


def to_json(verdict: Verdict) -> str:
    """As it is kept: the same verdict gives the same text."""
    return json.dumps(document(verdict), sort_keys=True, ensure_ascii=False)


def document(verdict: Verdict) -> dict[str, Any]:
    """For machines."""
    return {
        "fires": verdict.fires,
        "by_hand": verdict.by_hand,
        "sentence": sentence(verdict),
        "conditions": [_condition(one) for one in verdict.conditions],
        "guards": [_guard(one) for one in verdict.guards],
    }


def from_json(text: str) -> Verdict:
    """The verdict that :func:`to_json` wrote."""
    content = json.loads(text)
    return Verdict(
        content["fires"],
        content["by_hand"],
        tuple(
            ConditionRow(**{name: one[name] for name in _CONDITION}, said=_said(one["said"]))
            for one in content["conditions"]
        ),
        tuple(
            GuardRow(**{name: one[name] for name in _GUARD}, said=_said(one["said"]))
            for one in content["guards"]
        ),
    )


_CONDITION = ("place", "kind", "met", "value", "threshold", "unit", "missing")
_GUARD = ("kind", "holds", "value", "threshold", "unit")


def _condition(row: ConditionRow) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in _CONDITION}, "said": _as_said(row.said)}


def _guard(row: GuardRow) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in _GUARD}, "said": _as_said(row.said)}


def _as_said(said: Said) -> dict[str, Any]:
    return {"template": said.template, "values": dict(said.values), "text": said.text}


def _said(content: dict[str, Any]) -> Said:
    return Said(content["template"], content["values"])
