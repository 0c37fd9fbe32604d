"""What speaks against making a model live: what is declared now, by what is known now.

What gates said when a model was measured may be old: gates are declared anew, another model is champion,
somebody noted a licence. So each is asked again when people promote. What only checks in Dagster know, of the
data, is taken as they said it last; a gate that asks for something else by now is said to be open.
"""

from collections.abc import Sequence
from dataclasses import replace

from resources.data.licences.service import LicenceService
from resources.gate_plan import DataChecksGate, DeclaredGates, DriftGate, Gate, LicenceGate
from resources.registry import sanity
from resources.registry.evaluations.service import EvaluationService
from resources.registry.gates.evidence import measured_evidence
from resources.registry.gates.findings import asked_of
from resources.registry.gates.judging import judge
from resources.registry.gates.model import GateResult
from resources.registry.gates.service import GateService
from resources.registry.model import ModelVersion
from resources.registry.others import OtherVersion
from resources.registry.service import RegistryService


def no_gates(model: OtherVersion) -> str:
    """The sentence about a model of others: nothing of ours says how good it is."""
    return (
        f"no gate judges {model.name}:{model.number}: it was registered in MLflow by others, and there is no "
        "test set for it here"
    )


def failed_gates(
    registry: RegistryService, model: ModelVersion, now: Sequence[GateResult] | None = None
) -> list[str]:
    """A sentence for each gate that a model does not pass; empty where it may be promoted.

    ``now`` is what :func:`judged_now` gave; None for what the gates said last. A model of a time before gates
    were kept is held to what its round was: it was promoted then, or was measured soundly.
    """
    gates = GateService(registry.home, registry.database, registry.clock)
    judging = gates.judging(model.dataset, model.number)
    of_round = _problems_of_round(registry, model) if judging is None else []
    if now is not None:
        return [*of_round, *(f"{one.gate}: {one.sentence}" for one in now if one.bars)]
    return of_round if judging is None else list(judging.failed_sentences)


def judged_now(
    registry: RegistryService, model: ModelVersion, declared: DeclaredGates
) -> tuple[GateResult, ...]:
    """What each gate that is declared now says about a model; nothing is kept.

    It is compared with the champion of now; the champion itself with the one of its round. Of a model whose
    measurements are not kept, what its gates said last counts; one that has no gates either has its round.
    """
    home, database, clock = registry.home, registry.database, registry.clock
    kept = {one.gate: one for one in GateService(home, database, clock).results(model.dataset, model.number)}
    champion, test_set = _beside(registry, model)
    evidence = measured_evidence(
        EvaluationService(home, database, clock),
        model.dataset,
        model.number,
        champion,
        test_set,
        declared.plan,
    )
    terms = declared.licence or LicenceService(database, clock).of(model.dataset, model.dataset_version)
    evidence = replace(evidence, licence=terms)
    found: list[GateResult] = []
    for name, gate in declared.plan.declared().items():
        if isinstance(gate, DataChecksGate | DriftGate):
            found.append(_as_checked(gate, kept.get(name), model))
        elif evidence.new is None and name != LicenceGate.name and _is_as_asked(gate, kept.get(name)):
            found.append(replace(kept[name], if_failed=gate.if_failed))
        elif evidence.new is not None or kept or name == LicenceGate.name:
            found += judge(declared.plan.only(name), evidence)
    return tuple(found)


def _beside(registry: RegistryService, model: ModelVersion) -> tuple[int | None, str | None]:
    """The model that it is compared with, and on which test set; None for the newest that both know."""
    champion = registry.champion(model.dataset)
    if champion is None:
        return None, None
    if champion.number != model.number:
        return champion.number, None
    evaluation = registry.evaluation(model.dataset, model.dataset_version)
    if evaluation is None or evaluation.challenger != model.number or evaluation.champion == model.number:
        return None, None
    return evaluation.champion, evaluation.test_set


def _as_checked(gate: DataChecksGate | DriftGate, kept: GateResult | None, model: ModelVersion) -> GateResult:
    if kept is not None and _is_as_asked(gate, kept):
        return replace(kept, if_failed=gate.if_failed)
    since = "since it was declared" if kept is None else "since what it asks was changed"
    next_step = f"run the check gate_{gate.name} of {model.dataset}/evaluation for {model.dataset_version}"
    return _open(gate, f"it was not asked {since}; {next_step}")


def _is_as_asked(gate: Gate, kept: GateResult | None) -> bool:
    return kept is not None and kept.asked in ("", asked_of(gate))


def _open(gate: Gate, sentence: str) -> GateResult:
    passes = isinstance(gate, DataChecksGate | DriftGate) and gate.missing_passes
    return GateResult(gate.name, passes, sentence, None, None, gate.if_failed, asked_of(gate))


def _problems_of_round(registry: RegistryService, model: ModelVersion) -> list[str]:
    decision = registry.decision(model.dataset, model.dataset_version)
    if decision is not None and decision.promoted and decision.model_number == model.number:
        return []
    evaluation = registry.evaluation(model.dataset, model.dataset_version)
    if evaluation is None or evaluation.challenger != model.number:
        return [f"model {model.number} was never measured on the test set of {model.dataset_version}"]
    return sanity.accuracy_problems(evaluation) + sanity.measurement_problems(evaluation, None)
