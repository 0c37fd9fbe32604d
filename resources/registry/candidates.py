"""Which model waits for its decision: a function of what is registered and decided."""

from collections.abc import Sequence

from resources.registry.model import Decision, ModelVersion
from resources.terms import is_version


def newest_undecided(models: Sequence[ModelVersion], decisions: Sequence[Decision]) -> ModelVersion | None:
    """The newest model of the main line that no decision was about yet, or None.

    A model that is older than the one its version was decided by has had its turn. Models of branches are
    nobody's candidates: they are merged first.
    """
    turn = {made.version: made.model_number for made in decisions}
    over = {made.model_number for made in decisions}
    waiting = [
        model
        for model in models
        if is_version(model.dataset_version)
        and model.number not in over
        and model.number > turn.get(model.dataset_version, 0)
    ]
    return max(waiting, key=lambda model: model.number, default=None)
