"""Whether the data, or the errors, outgrow a model: when a search is proposed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

LEAST_FIT = 0.97
"""A model that does not reach this on the images that it was trained on is too small for them."""
LABELS_PER_1000_WEIGHTS = 50
STILL_VERSIONS = 3
LEAST_GAIN = 0.002
"""So much more accuracy over these versions is no plateau."""
GOOD_ENOUGH = 0.99


@dataclass(frozen=True)
class Standing:
    """What is known of a model and of those before it."""

    train_accuracy: float
    labels: int
    parameters: int
    accuracies: Sequence[float]
    """Of the champions on the test set, version by version, the newest last."""


def reasons(at: Standing) -> list[str]:
    """Why a search is proposed, each reason a sentence; empty where it is not.

    1. The model does not fit even what it was trained on.
    2. There are more labels for its weights than a network of its size can use.
    3. New labels have brought next to nothing over three versions, and there is still much to gain.
    """
    found = []
    if at.train_accuracy < LEAST_FIT:
        found.append(
            f"It is right on {at.train_accuracy:.1%} of the images that it was trained on; expected "
            f"{LEAST_FIT:.0%}: it is too small for them."
        )
    ratio = 1000 * at.labels / at.parameters
    if ratio > LABELS_PER_1000_WEIGHTS:
        found.append(
            f"It has {at.parameters} weights for {at.labels} labels, {ratio:.0f} labels for 1,000; a larger "
            f"one pays from {LABELS_PER_1000_WEIGHTS} on."
        )
    window = at.accuracies[-STILL_VERSIONS - 1 :]
    if len(window) > STILL_VERSIONS and window[-1] < GOOD_ENOUGH:
        gain = max(window[1:]) - window[0]
        if gain < LEAST_GAIN:
            found.append(
                f"The champion gained {gain:.2%} over the last {STILL_VERSIONS} versions, for all their new "
                f"labels, and is at {window[-1]:.1%}."
            )
    return found
