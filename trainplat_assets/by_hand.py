"""Training by hand: a file of labels becomes the next version, trained on from a version's model."""

from dataclasses import dataclass
from pathlib import Path

from resources.data.byhand.model import Fate, PlannedByHand
from resources.data.byhand.service import ByHandService
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.errors import Conflict, NotFound
from resources.registry.model import ModelVersion
from resources.registry.service import RegistryService
from resources.terms import FIRST_VERSION, Actor, VersionKey

LATEST = "latest"
"""The name of the newest version that has a model."""


@dataclass(frozen=True)
class TrainingByHand:
    """What was planned, and what it goes on from."""

    planned: PlannedByHand
    base: ModelVersion | None
    """The model that the training goes on from; None where nothing is trained."""
    champion: ModelVersion | None
    """Whom the new model is measured against."""

    @property
    def sentence(self) -> str:
        """What was done, for a person."""
        planned, version = self.planned, self.planned.version
        what = f"{version.dataset} {version.version}"
        if planned.fate is Fate.KNOWN or self.base is None:
            return f"{what} has all {planned.given} labels: nothing was planned, and nothing is trained."
        goes_on = (
            f"Its training goes on from {self.base.uri}, the model of {self.base.dataset_version}, with all "
            "labels, old and new"
        )
        if self.champion is not None:
            goes_on += (
                f"; the model is measured against the champion, {self.champion.uri} of "
                f"{self.champion.dataset_version}, and takes its place where it is better"
            )
        if planned.fate is Fate.TAKEN:
            return f"{what} took up these {planned.given} labels before: nothing was planned. {goes_on}."
        counted = f"{planned.newly_labelled} labels new, {planned.corrected} corrected"
        if planned.fresh:
            counted += f", {planned.fresh} samples new"
        if planned.known:
            counted += f", {planned.known} known already"
        return f"{what} is planned, on top of {version.parent}: {counted}. {goes_on}."


def plan_by_hand(
    spec: DatasetSpec,
    data: DataService,
    registry: RegistryService,
    *,
    base: str,
    labels: Path,
    actor: Actor,
) -> TrainingByHand:
    """Plan the next version of ``spec`` with the labels in a file, to be trained on from ``base``'s model.

    The version comes after the newest one whichever ``base`` is, so that no label is lost; ``base`` says from
    which weights its training goes on, and may be older. The round is requested by ``<dataset>_annotations``,
    as for every version that is planned: were it requested here too, there could be two.

    Raises what :meth:`ByHandService.read` and its ``plan`` do, :class:`NotFound` for a base without a model,
    and :class:`Conflict` while the round of the newest version is not decided.
    """
    named = _named(spec, data, registry, base)
    if registry.model_from(spec.name, named) is None:
        raise _no_model(spec, registry, named)
    by_hand = ByHandService(data)
    understood = by_hand.read(spec, labels)
    planned = by_hand.answered(understood)
    if planned is None:
        _refuse_undecided(spec, data, registry, actor)
        planned = by_hand.plan(understood, named, actor)
    starts_from = None if planned.fate is Fate.KNOWN else planned.version.starts_from
    start = None if starts_from is None else registry.model_from(spec.name, VersionKey(starts_from))
    return TrainingByHand(planned, start, registry.champion(spec.name))


def _named(spec: DatasetSpec, data: DataService, registry: RegistryService, base: str) -> VersionKey:
    if base != LATEST:
        return data.version(spec.name, base).version
    decisions = registry.decisions(spec.name)
    if not decisions:
        raise _no_model(spec, registry, VersionKey(LATEST))
    return decisions[-1].version


def _no_model(spec: DatasetSpec, registry: RegistryService, named: VersionKey) -> NotFound:
    trained = [made.version for made in registry.decisions(spec.name)]
    if not trained:
        return NotFound(
            f"no version of {spec.name} has a model yet; expected one to go on from",
            f"Run {spec.name}_round for partition {FIRST_VERSION} first.",
        )
    return NotFound(
        f"{spec.name} {named} has no model to go on from; those that have one: {', '.join(trained)}",
        f"Name one of these, or {LATEST}.",
    )


def _refuse_undecided(spec: DatasetSpec, data: DataService, registry: RegistryService, actor: Actor) -> None:
    """A round is measured against the champion before it, so that one's is decided first."""
    data.adopt(spec, actor, at_most=1)  # what people committed comes first
    newest = data.versions(spec.name)[-1]
    if registry.decision(spec.name, newest.version) is not None:
        return
    raise Conflict(
        f"{spec.name} {newest.version} is {newest.state}, and its round is not decided; the next version is "
        "measured against its champion",
        f"See how far {spec.name}_round is for {newest.version} (`trainplat trigger {spec.name}` starts one "
        "that a check stopped again); when it is done, run the same thing again.",
    )
