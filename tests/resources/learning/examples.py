"""Small images that a network learns in a second."""

import numpy as np

from resources.continual import ContinualSettings
from resources.learning.continual.lesson import Lesson
from resources.learning.model import ClassIndices, Images
from resources.terms import Label
from resources.train_settings import TrainSettings

CLASSES = (Label("top"), Label("left"))
QUICK = TrainSettings(epochs=6, incremental_epochs=4, channels=4, checkpoint_every_epochs=2)


CONTINUAL = ContinualSettings(buffer_size=12, replay_batch_size=8)


def going_on(settings: ContinualSettings = CONTINUAL, memory: bytes | None = None) -> Lesson:
    """The lesson of 36 bars of which the last 12 are new."""
    return Lesson(settings, tuple(f"bar-{row}" for row in range(36)), np.arange(36) >= 24, memory)


def bars(count: int, seed: int = 0) -> tuple[Images, ClassIndices]:
    """Noisy images of 6 x 6 pixels with a bright bar at the top or at the left."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 60, (count, 6, 6), dtype=np.uint8)
    labels = np.arange(count, dtype=np.int64) % 2
    images[labels == 0, :2, :] += 180
    images[labels == 1, :, :2] += 180
    return images, labels
