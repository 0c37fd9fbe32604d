"""What a large training tells Dagster: values beside its asset, while it runs and at its end."""

from dataclasses import dataclass
from statistics import fmean
from typing import Any

from dagster import DataVersion, MetadataValue

from resources.learning.distributed.plan import write_plan
from resources.learning.distributed.progress import Point
from resources.learning.trainings.model import TrainingId
from resources.learning.trainings.result import Finished
from resources.learning.trainings.use import Use

Metadata = dict[str, MetadataValue[Any] | float | int | str | bool]


@dataclass(frozen=True)
class TrainedLarge:
    """A training that is done."""

    id: TrainingId
    finished: Finished
    model_uri: str | None = None
    """How MLflow calls it; None where it was not to be registered."""

    @property
    def checkpoint(self) -> str:
        """The folder of its last checkpoint: what ``start_from`` of another plan may name."""
        return str(self.finished.checkpoint.path)

    @property
    def data_version(self) -> DataVersion:
        """Which checkpoint its parameters are in."""
        return DataVersion(self.finished.checkpoint_sha256)

    def metadata(self) -> Metadata:
        """What its asset shows."""
        done = self.finished
        told: Metadata = {
            "training": MetadataValue.text(str(self.id)),
            "steps": done.step,
            "parameters": done.parameters,
            "starts": done.starts,
            "checkpoint": MetadataValue.path(self.checkpoint),
            "checkpoint_sha256": done.checkpoint_sha256,
            "plan": MetadataValue.json({"plan": write_plan(done.plan)}),
            **done.scores,
        }
        if done.curve:
            told |= point_metadata(done.curve[-1], done.step)
        if self.model_uri is not None:
            told["registered_as"] = self.model_uri
        return told


def point_metadata(point: Point, steps: int, use: Use | None = None) -> Metadata:
    """How a training goes, as numbers that Dagster plots."""
    shares = [] if use is None else [one.share for one in use.devices if one.share is not None]
    busy: Metadata = {"device_use": fmean(shares)} if shares else {}
    return busy | {
        "loss": point.loss,
        "learning_rate": point.learning_rate,
        "samples_per_s": point.samples_per_s,
        "memory_mib": point.memory_mib,
        "step": point.step,
        "share_done": point.step / steps,
    }
