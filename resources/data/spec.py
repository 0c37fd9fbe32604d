"""What is declared about a data set before any version of it exists."""

import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from resources.asking import QueryPlan
from resources.continual import ContinualSettings
from resources.data.making.sources.model import INBOX, Source
from resources.data.making.transforms import Transform
from resources.data.results.model import AfterTraining
from resources.data.versions.naming import LONGEST, RESULTS, refuse_results
from resources.deploy_plan import DeployPlan
from resources.errors import BadInput
from resources.gate_plan import GatePlan
from resources.kinds import Kind
from resources.reviews import ReviewPlan
from resources.run_plan import RunPlan
from resources.showing import ShownFrom
from resources.terms import DatasetName, Label
from resources.train_settings import TrainSettings
from resources.triggers import Against, QualityDrop, TriggerPolicy

SEED_VARIABLE = "TRAINPLAT_SEED"
DEFAULT_SEED = 0

LONGEST_NAME = LONGEST - len(RESULTS)
"""The results of its trainings are a data set too, with a name that is longer."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class DriftLimits:
    """From where on a version is said to have drifted from its parent."""

    class_psi: float = 0.2
    """Population stability index of the training split's classes; 0.1 is called small, 0.25 large."""
    distribution_ks: float = 0.2
    """Kolmogorov-Smirnov distance of brightness, contrast and size, 0 to 1."""
    p_value: float = 0.01
    """And chance alone must be less likely than this to make such a difference."""
    least_new: int = 20
    """With fewer new labels, or new samples, nothing is said about them."""


@dataclass(frozen=True)
class DatasetSpec:
    """One data set as its owner declares it. Raises :class:`BadInput` for values that cannot work."""

    name: DatasetName
    title: str
    """How people call it."""
    classes: tuple[Label, ...]
    """The labels that exist, in the order in which a model's outputs stand; later ones are added behind."""
    image_size_px: tuple[int, int]
    """Height and width of the images that a model sees; of texts 1, and how many bytes of each it reads."""
    first_labelled: int
    """How many samples are labelled in the first version."""
    test_count: int
    """How many samples are held out for testing, the same ones in every version of one major number. For a
    class that is declared later some more come, with its first labels."""
    labels_per_round: int
    """How many samples people are asked about at a time, and, unless ``triggers`` says otherwise, how many
    answers start the next round."""
    kind: Kind = Kind.IMAGE_CLASSES
    """What a sample is, and what people say about it."""
    stratified: bool = True
    """Whether each class gives its share of the test set; the first version decides for all that follow.
    Where an answer is no class but marks in a sample, one threshold serves for all."""
    seed: int | None = None
    """What chance is drawn from; None leaves it to ``TRAINPLAT_SEED``, see :meth:`seed_in_use`."""
    fill_source: Callable[[Path], None] | None = None
    """Writes the source folder when it is not complete; None where people fill it themselves."""
    sources: tuple[Source, ...] = ()
    """Where samples come from besides the source folder."""
    watched: tuple[Source, ...] = ()
    """Where new samples without a label come from by themselves, besides the inbox."""
    arrivals_per_version: int | None = None
    """So many of them make a next version by themselves; fewer come with the next one that labels make. None
    for as many as people are asked about at a time."""
    transforms: tuple[Transform, ...] = ()
    """What is done to each picture, in this order, before it is brought to the size that models see."""
    query: QueryPlan = field(default_factory=QueryPlan)
    """By what people are asked, and how many of them at random."""
    continual: ContinualSettings = field(default_factory=ContinualSettings)
    """How a version's model goes on from the champion without forgetting what that one knows."""
    training: TrainSettings = field(default_factory=TrainSettings)
    """How each of its trainings goes."""
    runs: RunPlan = field(default_factory=RunPlan)
    """The devices that its steps ask for, whose they are, and how often a step is tried again."""
    triggers: TriggerPolicy = field(default_factory=TriggerPolicy)
    """When it trains again by itself, and what holds that back."""
    shown_from: ShownFrom = field(default_factory=ShownFrom)
    """Where Label Studio gets the pictures from that it shows to people."""
    most_forgotten: float = 0.1
    """By how much a new model may be below the best one before it on what was learnt earlier, 0 to 1."""
    gates: GatePlan = field(default_factory=GatePlan)
    """What a model must pass before it is promoted."""
    licence: str = ""
    """On what terms the data may be used; empty where nobody said."""
    review: ReviewPlan = field(default_factory=ReviewPlan)
    """What goes back to people before it counts."""
    drift: DriftLimits = field(default_factory=DriftLimits)
    deploy: DeployPlan = field(default_factory=DeployPlan)
    """How a model of it goes live when it is promoted, and how it is served."""
    after_training: AfterTraining = field(default_factory=AfterTraining)
    """What is done with a branch when a training on it has succeeded."""

    def __post_init__(self) -> None:
        """Refuse what no version could be made of."""
        if _NAME.fullmatch(self.name) is None or len(self.name) > LONGEST_NAME:
            raise BadInput(
                f"data set name {self.name!r} is not of the form [a-z][a-z0-9_]* with at most {LONGEST_NAME} "
                "characters",
                "Choose a name such as digits.",
            )
        refuse_results(self.name)
        if len(set(self.classes)) != len(self.classes) or len(self.classes) < 2:
            raise BadInput(
                f"classes of {self.name} are {list(self.classes)}; expected two or more, none of them twice",
                "List each class once.",
            )
        if self.kind.is_text and (self.image_size_px[0] != 1 or self.transforms):
            raise BadInput(
                f"{self.name} holds texts, and declares a height of {self.image_size_px[0]} and "
                f"{len(self.transforms)} transforms of pictures; expected a height of 1 and none",
                "Declare image_size_px as 1 and how many bytes of each text a model reads, such as (1, 256).",
            )
        counts = {
            "image height": self.image_size_px[0],
            "image width": self.image_size_px[1],
            "first_labelled": self.first_labelled,
            "test_count": self.test_count,
            "labels_per_round": self.labels_per_round,
            "arrivals_per_version": 1 if self.arrivals_per_version is None else self.arrivals_per_version,
        }
        for what, value in counts.items():
            if value < 1:
                raise BadInput(
                    f"{what} of {self.name} is {value}; expected 1 or more", "Give a positive number."
                )
        if not 0 <= self.most_forgotten <= 1:
            raise BadInput(
                f"most_forgotten of {self.name} is {self.most_forgotten}; expected 0 to 1",
                "Give a share such as 0.1, which is ten points.",
            )
        names = [source.name for source in (*self.sources, *self.watched)]
        if len(set(names)) != len(names):
            raise BadInput(
                f"{self.name} declares two sources of one name: {', '.join(names)}",
                "Give each source a name of its own.",
            )
        if INBOX in names:
            raise BadInput(
                f"{self.name} declares a source named {INBOX!r}, as its folder for new samples is called",
                "Choose another name for it, such as camera-1.",
            )
        limits = {"class_psi": self.drift.class_psi, "distribution_ks": self.drift.distribution_ks}
        for what, limit in {**limits, "p_value": self.drift.p_value}.items():
            if not 0 < limit < math.inf:
                raise BadInput(
                    f"drift limit {what} of {self.name} is {limit}; expected more than 0",
                    "Give a positive number, or leave it out for the usual one.",
                )
        self._refuse_two_units()
        if self.kind is not Kind.IMAGE_CLASSES and not self.training.is_plain:
            raise BadInput(
                f"{self.name} holds {self.kind}, and declares for its training parallel "
                f"{self.training.parallel}, precision {self.training.precision}, accumulation "
                f"{self.training.accumulation}, compile {self.training.compile}; expected none of them",
                f"Leave them out: they are for {Kind.IMAGE_CLASSES}.",
            )

    def _refuse_two_units(self) -> None:
        """Random picks are guessed wholly or not; marks are measured otherwise, see :class:`Measure`."""
        if self.kind.has_one_class:
            return
        for one in self.triggers.leaves():
            if isinstance(one, QualityDrop) and one.against is Against.CHAMPION:
                raise BadInput(
                    f"{self.name} declares QualityDrop against the champion, whose "
                    f"{self.kind.measure.words} is no share of answers that are wholly right; "
                    "expected a comparison with earlier picks",
                    "Declare QualityDrop(against=Against.EARLIER).",
                )

    def seed_in_use(self) -> int:
        """The seed, read now: the spec's own, else ``TRAINPLAT_SEED``, else 0. Raises :class:`BadInput`."""
        if self.seed is not None:
            return self.seed
        given = os.environ.get(SEED_VARIABLE, str(DEFAULT_SEED))
        if not given.strip().isdecimal():
            raise BadInput(
                f"{SEED_VARIABLE} is {given!r}; expected a whole number, 0 or more",
                f"Set it to a number such as 0, or unset it to use {DEFAULT_SEED}.",
            )
        return int(given)
