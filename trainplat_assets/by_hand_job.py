"""Training by hand from the launchpad: a job that is told the base and the labels."""

from pathlib import Path

from dagster import (
    Config,
    Failure,
    JobDefinition,
    MetadataValue,
    OpExecutionContext,
    in_process_executor,
    job,
    op,
)
from pydantic import Field

from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.spec import DatasetSpec
from resources.errors import TrainplatError
from resources.gpu.tags import USER
from resources.registry.resource import MlflowResource
from resources.terms import Actor
from sensors.annotations import MINIMUM_INTERVAL_S
from trainplat_assets.by_hand import LATEST, plan_by_hand


class TrainByHand(Config):
    """What is trained on, and from where."""

    base: str = Field(
        default=LATEST,
        description=(
            "The version whose model the training goes on from, such as v1.2; `latest` for the newest one "
            "that has a model. The labels go on top of the newest version whichever it is."
        ),
    )
    labels: str = Field(
        description=(
            "A file on the machine that runs this: CSV, a JSON array of objects, or JSON lines. Each names a "
            "sample, by its id, its file, or a file beside this one, which may be new, and says its `label`, "
            "its `spans` or its `boxes`, as the kind of the data set has it: see docs/training-by-hand.md. A "
            "file with a mistake is refused as a whole."
        ),
    )


def build_by_hand_job(spec: DatasetSpec) -> JobDefinition:
    """``<dataset>_train_by_hand``: plans the version; its round is requested as that of every version."""

    @op(
        name=f"{spec.name}_plan_by_hand",
        description="Reads the labels and plans the version that takes them up: once, however often it runs.",
    )
    def plan(
        context: OpExecutionContext, config: TrainByHand, data: DataResource, registry: MlflowResource
    ) -> str:
        user = context.run.tags.get(USER)
        actor = Actor(f"user:{user}" if user else f"run:{context.run.run_id}")
        try:
            done = plan_by_hand(
                spec,
                data.service(),
                registry.service(),
                base=config.base,
                labels=Path(config.labels),
                actor=actor,
            )
        except TrainplatError as refusal:
            raise Failure(str(refusal), allow_retries=False) from refusal
        version = done.planned.version.version
        versions_partitions(spec.name).register(context.instance, version)
        context.log.info(done.sentence)
        context.add_output_metadata(
            {
                "version": MetadataValue.text(version),
                "outcome": MetadataValue.text(done.planned.fate.value),
                "new_labels": done.planned.newly_labelled,
                "corrections": done.planned.corrected,
                "new_samples": done.planned.fresh,
                "known_labels": done.planned.known,
                "goes_on_from": "nothing is trained" if done.base is None else done.base.uri,
                "next": f"{spec.name}_annotations requests its round within {MINIMUM_INTERVAL_S} s.",
            }
        )
        return version

    @job(
        name=f"{spec.name}_train_by_hand",
        executor_def=in_process_executor,
        description=(
            f"Trains a model of {spec.title.lower()} with labels from a file, on from the model of a "
            "version. `trainplat train --base VERSION --labels PATH` does the same."
        ),
    )
    def train_by_hand() -> None:
        plan()

    return train_by_hand
