"""How a model goes on learning, in the words that data sets and learning share."""

from dataclasses import dataclass
from enum import StrEnum

from resources.errors import BadInput
from resources.kinds import Kind


class MethodName(StrEnum):
    """How what was learnt before is kept while something new is learnt."""

    DERPP = "derpp"
    """Dark experience replay++: a bounded buffer, replayed with its labels and with what the model said."""
    ER = "er"
    """Experience replay: a bounded buffer, replayed with its labels."""
    EWC = "ewc"
    """Elastic weight consolidation: weights that mattered before are held."""
    LWF = "lwf"
    """Learning without forgetting: the new model is to say of the new samples what the old one said."""
    JOINT = "joint"
    """Trained on everything so far, anew or on from the champion: the bound that others are measured by."""
    NAIVE = "naive"
    """Fine-tuning on what is new, and nothing else: the yardstick at the other end."""


class Fill(StrEnum):
    """Which samples of a task the buffer keeps."""

    REPRESENTATIVE = "representative"
    """As many of each class and task: of those that the model is less sure of, a cover."""
    RESERVOIR = "reservoir"
    """Each sample that was ever seen with the same probability."""


@dataclass(frozen=True)
class ContinualSettings:
    """Settings of one method. Raises :class:`BadInput` for a value outside its range."""

    method: MethodName = MethodName.DERPP

    buffer_size: int = 200
    """Samples that are remembered at most, over all tasks."""

    replay_batch_size: int = 16
    """Remembered samples in each draw of a step; DER++ draws twice."""

    logits_weight: float = 0.2
    """How much DER++ holds to what the model said (alpha of the paper)."""

    labels_weight: float = 1.0
    """How much DER++ holds to the labels of the buffer, for each task before this one (beta of the paper)."""

    fill: Fill = Fill.REPRESENTATIVE
    """Which samples DER++ keeps; experience replay always keeps a reservoir."""

    unsure_share: float = 0.6
    """Representatives are chosen among this share of a task: what the model is least sure of."""

    renew_logits: bool = True
    """After each task, keep what the model says now of the whole buffer; else what it said at first."""

    weigh_by_tasks: bool = True
    """Let the labels of the buffer count once for each task that it holds; else once."""

    joint_every: int = 0
    """Each so many versions one is trained on everything so far, whatever the method; 0 for none."""

    joint_starts_anew: bool = True
    """Whether what is trained on everything starts from fresh weights; else it goes on from the champion."""

    ewc_strength: float = 200.0
    """How firmly EWC holds the weights (lambda of the paper)."""

    lwf_temperature: float = 2.0
    """How far LwF softens what the models say."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with."""
        for name in ("buffer_size", "replay_batch_size"):
            if getattr(self, name) < 1:
                _refuse(name, getattr(self, name), "a whole number of at least 1")
        if self.joint_every < 0:
            _refuse("joint_every", self.joint_every, "a whole number, 0 or more")
        for name in ("logits_weight", "labels_weight", "ewc_strength"):
            if not 0 <= getattr(self, name) < float("inf"):
                _refuse(name, getattr(self, name), "0 or more")
        if not 0 < self.unsure_share <= 1:
            _refuse("unsure_share", self.unsure_share, "above 0 and at most 1")
        if not 0 < self.lwf_temperature < float("inf"):
            _refuse("lwf_temperature", self.lwf_temperature, "more than 0")

    def is_joint(self, number: int) -> bool:
        """Whether the version with that many versions before it is trained on everything so far."""
        scheduled = self.joint_every > 0 and number % self.joint_every == 0
        return number == 0 or self.method is MethodName.JOINT or scheduled


EVERYTHING = ContinualSettings(method=MethodName.JOINT)
"""Trained on everything so far, from fresh weights."""


def can_go_on(kind: Kind, settings: ContinualSettings) -> bool:
    """Whether models of ``kind`` can be trained so.

    Boxes are learnt from everything each time. The weights that tell a name from none do not stay where EWC
    would hold them when a class comes in between.
    """
    if kind is Kind.ENTITIES:
        return settings.method is not MethodName.EWC
    return kind.has_one_class or settings.method is MethodName.JOINT


def published_derpp() -> ContinualSettings:
    """DER++ in the form of its paper: a reservoir, its first logits, both weights one half.

    Those logits are of the end of the task that a sample came with; in the paper, of the step it came at.
    """
    return ContinualSettings(
        logits_weight=0.5, labels_weight=0.5, fill=Fill.RESERVOIR, renew_logits=False, weigh_by_tasks=False
    )


def _refuse(name: str, value: float, expected: str) -> None:
    raise BadInput(f"continual setting {name} is {value}; expected {expected}", f"Correct {name}.")
