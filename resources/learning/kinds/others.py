"""Texts, and marks in texts and pictures: small networks that learn in seconds on a processor."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from resources.continual import can_go_on
from resources.errors import BadInput
from resources.kinds import Kind
from resources.learning.continual.lesson import Lesson
from resources.learning.kinds.model import Measured, Seen
from resources.learning.model import LOOKING, Images, LookSettings, Progress, TrainedWeights, check_samples
from resources.learning.rounds.telling import Telling
from resources.marks import flaw
from resources.terms import Label
from resources.train_settings import TrainSettings


@dataclass(frozen=True)
class Others:
    """Every kind but the classes of pictures."""

    kind: Kind

    def train(
        self,
        samples: Images,
        answers: Sequence[Label],
        classes: Sequence[Label],
        settings: TrainSettings,
        *,
        seed: int,
        start: bytes | None = None,
        lesson: Lesson | None = None,
        checkpoint: Path | None = None,
        device: str = "cpu",
        threads: int = 1,
        progress: Progress | None = None,
        telling: Telling | None = None,
    ) -> TrainedWeights:
        """Train on all samples, or as the ``lesson`` says.

        See :func:`resources.learning.training.train`, whose rules hold.

        Raises :class:`BadInput` for samples and answers that do not fit together or do not fit ``start``, and
        :class:`Unavailable` when the disk is full.
        """
        self._check(samples, answers, classes)
        if lesson is not None:
            self._check_lesson(lesson, len(answers))
        from resources.learning.kinds import loop

        task = loop.Task(self.kind, samples, tuple(answers), tuple(classes), settings, seed, start, lesson)
        return loop.run(
            task,
            checkpoint=checkpoint,
            device=device,
            threads=threads,
            progress=progress,
            telling=telling,
        )

    def evaluate(
        self, weights: bytes, samples: Images, answers: Sequence[Label], classes: Sequence[Label]
    ) -> Measured:
        """By the measure of the kind."""
        self._check(samples, answers, classes)
        from resources.learning.kinds import looking

        return looking.evaluate(self.kind, weights, samples, tuple(answers), tuple(classes))

    def look(
        self, weights: bytes, samples: Images, classes: Sequence[Label], how: LookSettings = LOOKING
    ) -> Seen:
        """What the model makes of each sample."""
        from resources.learning.kinds import looking

        return looking.look(self.kind, weights, samples, tuple(classes), how)

    def network(self, weights: bytes) -> object:
        """The network of the kind."""
        from resources.learning.kinds import networks

        return networks.from_bytes(self.kind, weights)

    def _check_lesson(self, lesson: Lesson, count: int) -> None:
        if len(lesson.ids) != count:
            raise BadInput(
                f"the lesson is of {len(lesson.ids)} samples; {count} are given",
                "Give the lesson of these samples.",
            )
        if not can_go_on(self.kind, lesson.settings):
            raise BadInput(
                f"a lesson by the method {lesson.settings.method} came for {self.kind}, which cannot be "
                "learnt by it",
                "Train jointly, or without a lesson.",
            )

    def _check(self, samples: Images, answers: Sequence[Label], classes: Sequence[Label]) -> None:
        check_samples(samples, len(answers))
        for answer in answers:
            if (wrong := flaw(self.kind, answer, classes)) is not None:
                raise BadInput(
                    f"the answer {answer[:80]!r} {wrong}; the classes are {', '.join(classes)}",
                    "Correct the labels, or add the classes to the data set.",
                )
