"""What both models of one round say about each test sample, beside all rounds so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from resources.data.making.texts import TEXT_SUFFIXES
from resources.data.model import ImageSet, Split
from resources.data.service import DataService
from resources.errors import NotFound
from resources.kinds import Kind, Measure
from resources.learning.kinds.learner import learner_of
from resources.learning.kinds.model import UNMARKED
from resources.marks import same
from resources.registry.model import Decision, RoundEvaluation
from resources.registry.service import RegistryService
from resources.terms import DatasetName, Label, VersionKey, version_order
from trainplat_assets.labels import answers_of

Places = NDArray[np.int64]
"""Places in a test set, each sample once."""


@dataclass(frozen=True)
class Said:
    """What one model says about a test set."""

    answers: tuple[Label, ...]
    """Of each sample: the class that it finds most probable, or the marks that it is sure enough of."""
    confidence: NDArray[np.float64]
    """[sample], how sure it is of that, 0 to 1."""


@dataclass(frozen=True)
class Comparison:
    """The new model of one version and the champion before it, on the same test set."""

    rounds: tuple[Decision, ...]
    """All rounds up to this one, in the order of their versions."""
    evaluation: RoundEvaluation
    kind: Kind
    test: ImageSet
    truth: tuple[Label, ...]
    """What is right of each sample."""
    texts: tuple[str, ...]
    """What they say; empty where samples are pictures."""
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
        """The samples that the champion before had wrong and the new model has right, wholly."""
        return self._changed(to_right=True)

    @property
    def broken(self) -> Places:
        """The samples that the champion before had right and the new model has wrong."""
        return self._changed(to_right=False)

    def is_right(self, said: Said) -> NDArray[np.bool_]:
        """[sample], whether a model says what is right: of marks all of them, and no others."""
        both = zip(said.answers, self.truth, strict=True)
        return np.array([same(self.kind, answer, true) for answer, true in both], dtype=np.bool_)

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
        new_right, old_right = self.is_right(self.new), self.is_right(self.old)
        places: Places = np.flatnonzero((new_right == to_right) & (old_right != to_right))
        return places


def compare(
    data: DataService, registry: RegistryService, dataset: DatasetName, version: VersionKey | None = None
) -> Comparison:
    """Let both models of a decided round say what each test sample is; None is the newest such round.

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
    paths = [one.path for one in data.samples(dataset, version) if one.split is Split.TEST]
    kind = _kind_of(evaluation.challenger_scores.measure, paths)
    old = evaluation.champion
    return Comparison(
        rounds=so_far,
        evaluation=evaluation,
        kind=kind,
        test=test,
        truth=answers_of(test),
        texts=tuple(path.read_bytes().decode(errors="replace") for path in paths) if kind.is_text else (),
        new=_said(registry, evaluation, kind, evaluation.challenger, test),
        old=None if old is None else _said(registry, evaluation, kind, old, test),
        old_version=so_far[-2].champion_version if len(so_far) > 1 else None,
    )


def _kind_of(measure: Measure, paths: Sequence[Path]) -> Kind:
    """The only kind that is measured so, of samples such as these."""
    is_text = any(path.suffix in TEXT_SUFFIXES for path in paths)
    return next(kind for kind in Kind if kind.measure is measure and kind.is_text == is_text)


def _said(
    registry: RegistryService, evaluation: RoundEvaluation, kind: Kind, number: int, test: ImageSet
) -> Said:
    model = registry.model(evaluation.dataset, number)
    if model is None:
        raise NotFound(
            f"model {number} of {evaluation.dataset} was measured for {evaluation.version} but is not "
            "registered any more",
            f"Materialize {evaluation.dataset}/evaluation for partition {evaluation.version} again.",
        )
    classes = [label for label in evaluation.classes if label != UNMARKED]
    seen = learner_of(kind).look(registry.weights(model), test.images, classes)
    return Said(seen.guesses, seen.sureness)
