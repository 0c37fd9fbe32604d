"""What both models of one round say about each test image, beside all rounds so far."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resources.data.model import ImageSet, Split
from resources.data.service import DataService
from resources.errors import NotFound
from resources.learning.prediction import predict
from resources.registry.model import Decision, RoundEvaluation
from resources.registry.service import RegistryService
from resources.terms import DatasetName, Label, VersionKey, version_order

Places = NDArray[np.int64]
"""Places in a test set, each image once."""


@dataclass(frozen=True)
class Said:
    """What one model says about a test set."""

    classes: Places
    """[image], the place of the class that it finds most probable."""
    confidence: NDArray[np.float64]
    """[image], the probability that it gives to that class."""


@dataclass(frozen=True)
class Comparison:
    """The new model of one version and the champion before it, on the same test set."""

    rounds: tuple[Decision, ...]
    """All rounds up to this one, in the order of their versions."""
    evaluation: RoundEvaluation
    test: ImageSet
    truth: Places
    """[image], the place of the true class."""
    new: Said
    old: Said | None
    """None in the first round."""
    old_version: VersionKey | None
    """The data version that the champion before was trained from."""

    @property
    def decision(self) -> Decision:
        """Who is champion after this round."""
        return self.rounds[-1]

    @property
    def classes(self) -> tuple[Label, ...]:
        """The labels that exist, in the order of the models' outputs."""
        return self.evaluation.classes

    @property
    def fixed(self) -> Places:
        """The images that the champion before had wrong and the new model has right."""
        return self._changed(to_right=True)

    @property
    def broken(self) -> Places:
        """The images that the champion before had right and the new model has wrong."""
        return self._changed(to_right=False)

    def recall_differences(self) -> dict[Label, float]:
        """For each class that is tested, by how much its recall grew; empty in the first round."""
        old = self.evaluation.champion_scores
        if old is None:
            return {}
        differences = {}
        for label in self.classes:
            before, now = old.recalls[label], self.evaluation.challenger_scores.recalls[label]
            if before is not None and now is not None:
                differences[label] = now - before
        return differences

    def _changed(self, *, to_right: bool) -> Places:
        if self.old is None:
            return np.array([], dtype=np.int64)
        new_right, old_right = self.new.classes == self.truth, self.old.classes == self.truth
        places: Places = np.flatnonzero((new_right == to_right) & (old_right != to_right))
        return places


def compare(
    data: DataService, registry: RegistryService, dataset: DatasetName, version: VersionKey | None = None
) -> Comparison:
    """Let both models of a decided round say what each test image shows; None is the newest such round.

    Raises :class:`UnknownVersion` for a version that does not exist, and :class:`NotFound` for one whose
    round is not decided or whose models are gone.
    """
    rounds = registry.decisions(dataset)
    if version is None:
        if not rounds:
            raise NotFound(
                f"no version of {dataset} in {data.home.path} has a champion yet",
                f"Run {dataset}_round for its first version, or set TRAINPLAT_HOME to the home you mean.",
            )
        version = rounds[-1].version
    evaluation = registry.evaluation(dataset, data.version(dataset, version).version)
    so_far = tuple(made for made in rounds if version_order(made.version) <= version_order(version))
    if evaluation is None or not so_far or so_far[-1].version != version:
        raise NotFound(
            f"the round of {dataset} {version} is not decided",
            f"Materialize {dataset}/champion for partition {version} first.",
        )
    test = data.images(dataset, version, Split.TEST)
    if test.labels is None:
        raise NotFound(f"the test images of {dataset} {version} have no labels", "Make the version again.")
    old = evaluation.champion
    return Comparison(
        rounds=so_far,
        evaluation=evaluation,
        test=test,
        truth=test.labels,
        new=_said(registry, evaluation, evaluation.challenger, test),
        old=None if old is None else _said(registry, evaluation, old, test),
        old_version=so_far[-2].champion_version if len(so_far) > 1 else None,
    )


def _said(registry: RegistryService, evaluation: RoundEvaluation, number: int, test: ImageSet) -> Said:
    model = registry.model(evaluation.dataset, number)
    if model is None:
        raise NotFound(
            f"model {number} of {evaluation.dataset} was measured for {evaluation.version} but is not "
            "registered any more",
            f"Materialize {evaluation.dataset}/evaluation for partition {evaluation.version} again.",
        )
    probabilities = predict(registry.weights(model), test.images, evaluation.classes)
    return Said(probabilities.argmax(axis=1), probabilities.max(axis=1))
