"""What must hold of an evaluation before anybody is promoted upon it: pure rules, with their reasons."""

import math

from resources.registry.model import RoundEvaluation, Scores

CHANCE_DEVIATIONS = 3.0
"""How far above chance an accuracy must lie, in standard deviations of a guesser's accuracy."""


def chance_bar(evaluation: RoundEvaluation) -> float:
    """The accuracy that a guesser with an eye for the most common class hardly ever reaches; of marks, which
    nobody guesses, nothing.

    On a test set of a few images luck goes far: there it is half way from chance to perfect.
    """
    if evaluation.challenger_scores.measure.is_of_marks:
        return 0.0
    rows = [sum(row) for row in evaluation.challenger_scores.confusion]
    chance = max(rows, default=0) / max(1, sum(rows))
    lucky = chance + CHANCE_DEVIATIONS * math.sqrt(chance * (1 - chance) / max(1, sum(rows)))
    return min(lucky, (1 + chance) / 2)


def accuracy_problems(evaluation: RoundEvaluation) -> list[str]:
    """Why the challenger's accuracy cannot be believed or is too low; empty when all is well."""
    scores = evaluation.challenger_scores
    if scores.measure.is_of_marks:
        fits = 0 < scores.accuracy <= 1
        return (
            []
            if fits
            else [f"{scores.measure} {scores.accuracy:.4f} is not above 0, which saying nothing reaches"]
        )
    problems = _count_problems("the challenger", scores, evaluation.test_count)
    right = sum(row[k] for k, row in enumerate(scores.confusion))
    if not math.isclose(scores.accuracy * evaluation.test_count, right, abs_tol=0.01):
        problems.append(
            f"accuracy {scores.accuracy:.4f} does not fit the confusion table: "
            f"{right} of {evaluation.test_count} are right there"
        )
    bar = chance_bar(evaluation)
    if not scores.accuracy > bar:
        problems.append(f"accuracy {scores.accuracy:.4f} is not above {bar:.4f}, which guessing can reach")
    return problems


def measurement_problems(
    evaluation: RoundEvaluation, parent: RoundEvaluation | None, old_part: str | None = None
) -> list[str]:
    """Why the two models, or this round and the one before it, were not measured alike.

    Where classes were added since the parent's round, ``old_part`` is the identity of the test images of the
    classes that were tested then.
    """
    problems = []
    if (evaluation.champion is None) != (evaluation.champion_scores is None):
        problems.append("the champion was measured without a name, or named without being measured")
    if evaluation.champion_scores is not None:
        problems += _count_problems("the champion", evaluation.champion_scores, evaluation.test_count)
        if _counts(evaluation.champion_scores) != _counts(evaluation.challenger_scores):
            problems.append("challenger and champion were measured on different numbers of images per class")
    test_set = evaluation.test_set if old_part is None else old_part
    if parent is not None and parent.test_set != test_set:
        problems.append(
            f"the test set {test_set[:12]} ({evaluation.test_count} images) is not that of "
            f"{parent.version}, {parent.test_set[:12]} ({parent.test_count} images)"
        )
    return problems


def _counts(scores: Scores) -> list[int]:
    """How many there are of each class."""
    return [sum(row) for row in scores.true_rows]


def _count_problems(whose: str, scores: Scores, test_count: int) -> list[str]:
    counted = sum(sum(row) for row in scores.confusion)
    if (counted == test_count or scores.measure.is_of_marks) and test_count > 0:
        return []
    return [f"{whose} was measured on {counted} images; the test set has {test_count}"]


def forgotten_classes(evaluation: RoundEvaluation, loss: float) -> list[str]:
    """The classes of which the challenger finds a share smaller by more than ``loss`` than the champion."""
    if evaluation.champion_scores is None:
        return []
    found = []
    for label in evaluation.classes:
        new = evaluation.challenger_scores.recalls[label]
        old = evaluation.champion_scores.recalls[label]
        if new is not None and old is not None and old - new > loss:
            found.append(f"class {label}: recall {new:.1%}, the champion's was {old:.1%}")
    return found
