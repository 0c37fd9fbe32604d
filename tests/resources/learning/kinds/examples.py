"""A few samples of each kind, for tests of learning."""

from dataclasses import dataclass
from itertools import islice

import numpy as np

from resources.data.making.imaging import grey_image
from resources.data.making.made.mentions import MENTION_CLASSES, mentions
from resources.data.making.made.notes import NOTE_CLASSES, notes
from resources.data.making.made.scenes import SCENE_CLASSES, SIDE_PX, scenes
from resources.data.making.texts import TextBytes
from resources.kinds import Kind
from resources.learning.model import Images
from resources.marks import canonical
from resources.terms import Label
from resources.train_settings import TrainSettings

SHORT = TrainSettings(epochs=3, incremental_epochs=2, checkpoint_every_epochs=1, channels=4)
OTHERS = (Kind.TEXT_CLASSES, Kind.ENTITIES, Kind.BOXES)
MADE = {Kind.TEXT_CLASSES: notes, Kind.ENTITIES: mentions, Kind.BOXES: scenes}
CLASSES = {Kind.TEXT_CLASSES: NOTE_CLASSES, Kind.ENTITIES: MENTION_CLASSES, Kind.BOXES: SCENE_CLASSES}


@dataclass(frozen=True)
class Examples:
    """Samples with their answers."""

    samples: Images
    answers: tuple[Label, ...]
    classes: tuple[Label, ...]


def examples(kind: Kind, count: int) -> Examples:
    """The first ``count`` that are made of this kind."""
    made = list(islice(MADE[kind](count), count))
    view = TextBytes((1, 96))
    samples = np.stack(
        [
            view.apply(content) if kind.is_text else grey_image(content, (SIDE_PX, SIDE_PX))
            for _, content, _ in made
        ]
    )
    return Examples(samples, tuple(canonical(kind, label) for *_, label in made), CLASSES[kind])
