"""A check of the asset ``evaluation`` for each gate that a data set declares."""

from dataclasses import fields

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetKey,
)

from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.spec import DatasetSpec
from resources.gate_plan import Gate, IfFailed
from resources.registry.resource import MlflowResource
from resources.terms import Actor, VersionKey
from sensors.attempts import WHAT_NEXT
from trainplat_assets.gate_round import GateRound
from trainplat_assets.partitioned_checks import partitioned_check

HAPPENS = {
    IfFailed.KEEP: "A model that fails is not promoted: the champion stays.",
    IfFailed.STOP: "A model that fails stops the round before it decides.",
    IfFailed.WARN: "Warns.",
}
NEXT = (
    "Mend what the sentence says or loosen the gate in the data set's file, then run the round again; or "
    "promote this model by name, with a reason: trainplat model promote."
)


def build_gate_checks(spec: DatasetSpec) -> list[AssetChecksDefinition]:
    """The checks ``gate_<name>``: each judges again by what is known when it runs."""
    return [_gate_check(spec, gate) for gate in spec.gates.declared().values()]


def _gate_check(spec: DatasetSpec, gate: Gate) -> AssetChecksDefinition:
    @partitioned_check(
        AssetKey([spec.name, "evaluation"]),
        name=f"gate_{gate.name}",
        description=f"{_asked(gate)} {HAPPENS[gate.if_failed]}",
        partitions=versions_partitions(spec.name),
        blocking=gate.if_failed is IfFailed.STOP,
    )
    def check(
        context: AssetCheckExecutionContext, data: DataResource, registry: MlflowResource
    ) -> AssetCheckResult:
        judges = GateRound(
            spec,
            VersionKey(context.partition_key),
            data.service(),
            registry.service(),
            Actor(f"run:{context.run.run_id}"),
            context.instance,
        )
        found = judges.judge_one(gate.name)
        numbers = {"value": found.value, "limit": found.limit}
        return AssetCheckResult(
            passed=found.passed,
            severity=AssetCheckSeverity.ERROR if gate.bars else AssetCheckSeverity.WARN,
            description=found.sentence,
            metadata={name: value for name, value in numbers.items() if value is not None}
            | ({} if found.passed else {WHAT_NEXT: NEXT}),
        )

    return check


def _asked(gate: Gate) -> str:
    """What the gate asks, as its file says it."""
    said = {one.name: getattr(gate, one.name) for one in fields(gate) if one.name != "if_failed"}
    limits = [f"{name} {_told(value)}" for name, value in said.items() if value not in (None, {}, False)]
    what = (gate.__doc__ or "").partition("\n")[0]
    return f"{what} Asked: {', '.join(limits)}." if limits else what


def _told(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {one}" for name, one in value.items())
    return "true" if value is True else f"{value}"
