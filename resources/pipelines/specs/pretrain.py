"""The template ``pretrain``."""

from resources.pipelines.specs.training import TrainingSpec


class PretrainSpec(TrainingSpec):
    """Trains a model from nothing."""
