"""What was measured of two models, as the gates look at it."""

from resources.gate_plan import GatePlan
from resources.registry.evaluations.bootstrap import Difference, paired_difference
from resources.registry.evaluations.model import Measurement
from resources.registry.evaluations.service import EvaluationService
from resources.registry.gates.model import GateEvidence
from resources.terms import DatasetName


def measured_evidence(
    measured: EvaluationService,
    dataset: DatasetName,
    number: int,
    champion: int | None,
    test_set: str | None,
    plan: GatePlan,
) -> GateEvidence:
    """A model beside the champion on one test set; what no gate of the plan looks at is not looked up.

    None for the newest test set that both were measured on, or, where there is none, the model alone.
    """
    chosen = _shared(measured, dataset, number, champion) if test_set is None else test_set
    wants_pairs = plan.quality is not None and plan.quality.better_by is not None
    return GateEvidence(
        new=measured.measurement(dataset, number, chosen),
        champion_number=champion,
        champion=None if champion is None else measured.measurement(dataset, champion, chosen),
        difference=_difference(measured, dataset, number, champion, chosen) if wants_pairs else None,
    )


def _shared(
    measured: EvaluationService, dataset: DatasetName, number: int, champion: int | None
) -> str | None:
    found = measured.measurements(dataset)
    mine = [one for one in found if one.number == number]
    theirs = {one.test_set for one in found if one.number == champion}
    return _newest([one for one in mine if one.test_set in theirs] or mine)


def _newest(found: list[Measurement]) -> str | None:
    newest = max(found, key=lambda one: one.measured_at, default=None)
    return None if newest is None else newest.test_set


def _difference(
    measured: EvaluationService,
    dataset: DatasetName,
    number: int,
    champion: int | None,
    test_set: str | None,
) -> Difference | None:
    if champion is None:
        return None
    old = measured.answers(dataset, champion, test_set)
    new = measured.answers(dataset, number, test_set)
    return None if old is None or new is None else paired_difference(old, new)
