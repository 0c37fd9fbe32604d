"""What speaks against making a model live."""

from resources.registry import sanity
from resources.registry.gates.service import GateService
from resources.registry.model import ModelVersion
from resources.registry.service import RegistryService


def failed_gates(registry: RegistryService, model: ModelVersion) -> list[str]:
    """A sentence for each gate that a model does not pass; empty where it may be promoted.

    A model of a time before gates were kept is held to what its round was: it was promoted then, or was
    measured soundly.
    """
    gates = GateService(registry.home, registry.database, registry.clock)
    judging = gates.judging(model.dataset, model.number)
    if judging is not None:
        return list(judging.failed_sentences)
    decision = registry.decision(model.dataset, model.dataset_version)
    if decision is not None and decision.promoted and decision.model_number == model.number:
        return []
    evaluation = registry.evaluation(model.dataset, model.dataset_version)
    if evaluation is None or evaluation.challenger != model.number:
        return [f"model {model.number} was never measured on the test set of {model.dataset_version}"]
    return sanity.accuracy_problems(evaluation) + sanity.measurement_problems(evaluation, None)
