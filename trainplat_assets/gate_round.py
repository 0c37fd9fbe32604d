"""The gates of one round: what is known of its models and its data, brought together and judged."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dagster import DagsterInstance, MetadataValue, TableColumn, TableRecord, TableSchema

from resources.data.licences.service import LicenceService
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.errors import NotFound
from resources.gate_plan import GatePlan
from resources.registry.evaluations.service import EvaluationService
from resources.registry.gates.evidence import measured_evidence
from resources.registry.gates.judging import judge
from resources.registry.gates.model import GateEvidence, GateResult, Judging
from resources.registry.gates.service import GateService
from resources.registry.model import RoundEvaluation
from resources.registry.service import RegistryService
from resources.terms import Actor, VersionKey
from trainplat_assets.check_history import blocking_checks, drift_check
from trainplat_assets.model_round import Round

Metadata = dict[str, MetadataValue[Any] | float | int | str | bool]


@dataclass(frozen=True)
class GateRound:
    """Judges the model of one version by the gates of its data set. What they say now counts."""

    spec: DatasetSpec
    version: VersionKey
    data: DataService
    registry: RegistryService
    actor: Actor
    instance: DagsterInstance

    @classmethod
    def of(cls, round_: Round, instance: DagsterInstance) -> "GateRound":
        """Of a round."""
        return cls(round_.spec, round_.version, round_.data, round_.registry, round_.actor, instance)

    @property
    def gates(self) -> GateService:
        """Where what they say is kept."""
        return GateService(self.data.home, self.data.database, self.data.clock)

    def judge(self) -> Judging:
        """Ask all gates, by what is known now, and keep what they say."""
        evaluation = self._evaluation()
        results = judge(self.spec.gates, self._evidence(evaluation, self.spec.gates))
        return self.gates.record(self.spec.name, evaluation.challenger, results, self.actor)

    def judge_one(self, gate: str) -> GateResult:
        """Ask one gate, and keep what it says; what the others said stays."""
        evaluation, plan = self._evaluation(), self.spec.gates.only(gate)
        (result,) = judge(plan, self._evidence(evaluation, plan))
        self.gates.renew(self.spec.name, evaluation.challenger, result, self.actor)
        return result

    def barred(self, judging: Judging) -> tuple[str, ...]:
        """Why the model may not be promoted; nothing where somebody overrode its gates by name."""
        if self.gates.override_of(judging.dataset, judging.number) is not None:
            return ()
        return judging.failed_sentences

    def _evaluation(self) -> RoundEvaluation:
        found = self.registry.evaluation(self.spec.name, self.version)
        if found is None:
            raise NotFound(
                f"{self.spec.name} {self.version} has no evaluation",
                f"Materialize {self.spec.name}/evaluation for partition {self.version} first.",
            )
        return found

    def _evidence(self, evaluation: RoundEvaluation, plan: GatePlan) -> GateEvidence:
        """What the gates of the plan look at; what none of them does is not looked up."""
        measured = EvaluationService(self.data.home, self.data.database, self.data.clock)
        name, test_set, champion = self.spec.name, evaluation.test_set, evaluation.champion
        wants_drift = plan.drift is not None and self.data.version(name, self.version).parent is not None
        return replace(
            measured_evidence(measured, name, evaluation.challenger, champion, test_set, plan),
            data_checks=()
            if plan.data_checks is None
            else tuple(blocking_checks(self.instance, self.spec, self.version)),
            drift=drift_check(self.instance, self.spec, self.version) if wants_drift else None,
            licence=self._licence() if plan.licence is not None else "",
        )

    def _licence(self) -> str:
        if self.spec.licence:
            return self.spec.licence
        return LicenceService(self.data.database, self.data.clock).of(self.spec.name, self.version)


def gates_metadata(results: Sequence[GateResult]) -> Metadata:
    """What the gates said, as a table."""
    if not results:
        return {}
    columns = [TableColumn(name, "string") for name in ("gate", "passed", "what it says", "if it fails")]
    records = [
        TableRecord(dict(zip([one.name for one in columns], _row(one), strict=True))) for one in results
    ]
    return {
        "gates_passed": not any(one.bars for one in results),
        "gates": MetadataValue.table(records, TableSchema(columns)),
    }


def _row(one: GateResult) -> tuple[str, str, str, str]:
    return one.gate, "yes" if one.passed else "no", one.sentence, one.if_failed.value
