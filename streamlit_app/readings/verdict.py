"""Whether a model is better than what is live, from what both were measured at."""

from resources.database.engine import Database
from resources.home import Home
from resources.registry.comparing.sheet import differences
from resources.registry.comparing.verdict import Verdict, verdict_of
from resources.registry.evaluations.service import EvaluationService
from resources.terms import DatasetName
from streamlit_app.readings.model_versions import read_scores


def read_verdict(home: Home, database: Database, dataset: DatasetName, old: int, new: int) -> Verdict | None:
    """On one test set where both were measured on one; None where either was never measured."""
    service = EvaluationService(home, database)
    measured = service.measurements(dataset)
    ours = [one for one in measured if one.number == new]
    theirs = [one for one in measured if one.number == old]
    if not ours or not theirs:
        return None
    pairs = [(one, other) for one in theirs for other in ours if one.test_set == other.test_set]
    before, after = pairs[-1] if pairs else (theirs[-1], ours[-1])
    scores = [read_scores(home, database, one) for one in (before, after)]
    return verdict_of(before, after, differences(scores[0], scores[1:]).get(new))
