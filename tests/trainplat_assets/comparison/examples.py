"""Comparisons made by hand, small enough to know every answer."""

from datetime import UTC, datetime, timedelta

import numpy as np

from resources.data.model import ImageSet
from resources.kinds import Kind
from resources.learning.evaluation import score
from resources.registry.model import Decision, RoundEvaluation, Scores
from resources.terms import DatasetName, Label, SampleId, VersionKey
from trainplat_assets.comparison.comparing import Comparison, Places, Said

CLASSES = (Label("circle"), Label("cross"), Label("ring"))
SHAPES = DatasetName("shapes")
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def comparison(
    truth: list[int], new: list[int], old: list[int] | None, *, rounds: int | None = None
) -> Comparison:
    """What a round looks like in which the models said ``new`` and ``old`` of images that are ``truth``."""
    true = np.array(truth, dtype=np.int64)
    new_scores, old_scores = _scores(new, true), None if old is None else _scores(old, true)
    count = rounds or (1 if old is None else 2)
    made = [_decision(number, 0.5, None if number == 0 else 0.5) for number in range(count - 1)]
    made.append(
        _decision(count - 1, new_scores.accuracy, None if old_scores is None else old_scores.accuracy)
    )
    evaluation = RoundEvaluation(
        SHAPES,
        made[-1].version,
        count,
        None if old is None else count - 1,
        "7e57",
        len(truth),
        CLASSES,
        new_scores,
        old_scores,
    )
    pictures = np.random.default_rng(0).integers(0, 256, (len(truth), 8, 8), dtype=np.uint8)
    return Comparison(
        rounds=tuple(made),
        evaluation=evaluation,
        kind=Kind.IMAGE_CLASSES,
        test=ImageSet(tuple(SampleId(f"{place:064x}") for place in range(len(truth))), pictures, true),
        truth=tuple(CLASSES[place] for place in truth),
        texts=(),
        new=said(new),
        old=None if old is None else said(old),
        old_version=None if old is None else made[-2].version,
    )


def said(classes: list[int]) -> Said:
    """A model that is the surer the later an image comes."""
    answers = tuple(CLASSES[place] for place in classes)
    return Said(answers, np.linspace(0.4, 0.9, len(classes), dtype=np.float64))


def _scores(answers: list[int], truth: Places) -> Scores:
    found = score(np.array(answers, dtype=np.int64), truth, CLASSES)
    return Scores(found.accuracy, found.recalls, found.confusion)


def _decision(number: int, new: float, old: float | None) -> Decision:
    version = VersionKey(f"v1.{number}")
    promoted = old is None or new > old
    return Decision(
        dataset=SHAPES,
        version=version,
        labels=100 + 50 * number,
        model_number=number + 1,
        accuracy_new=new,
        accuracy_old=old,
        promoted=promoted,
        champion_number=number + 1 if promoted else number,
        champion_version=version if promoted else VersionKey(f"v1.{max(0, number - 1)}"),
        lease_s=8.5,
        decided_at=BEGAN + timedelta(hours=number),
    )
