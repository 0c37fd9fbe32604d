"""How a training goes: settings that files of data sets declare too, so they stand on the ground."""

from resources.train_settings import TrainSettings

__all__ = ["TrainSettings"]
