"""How good models would be by now if people had been asked at random."""

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    DataVersion,
    MaterializeResult,
    asset,
)

from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.spec import DatasetSpec
from resources.gpu.plan_tags import tags_without_checkpoints
from resources.gpu.resource import GpuResource
from resources.labeling.resource import LabelStudioResource
from resources.registry.resource import MlflowResource
from resources.terms import Actor, VersionKey
from trainplat_assets.random_asking import GROWTH_PERCENT, RandomAsking
from trainplat_assets.step_retries import retry_policy

OWNERS = ["team:ml"]


def build_random_asking_assets(spec: DatasetSpec) -> list[AssetsDefinition]:
    """The asset ``random_asking``; none where a data set is not held against random asking."""
    return [_random_asking_asset(spec)] if spec.query.is_held_against_random else []


def _random_asking_asset(spec: DatasetSpec) -> AssetsDefinition:
    @asset(
        key=AssetKey([spec.name, "random_asking"]),
        deps=[AssetKey([spec.name, "label_tasks"])],  # people wait for those, and nobody for this
        partitions_def=versions_partitions(spec.name),
        group_name=f"{spec.name}_labeling",
        kinds={"torch"},
        owners=OWNERS,
        op_tags=tags_without_checkpoints(spec.runs),
        retry_policy=retry_policy(spec.runs),
        description=(
            "A model trained anew on the labels that random asking would have had by this version: the first "
            "labels, the random picks, and of what the strategy took as many as such a draw would have hit. "
            f"Measured on the same test set as the rounds; trained once its labels have grown by "
            f"{GROWTH_PERCENT} % since the one before."
        ),
    )
    def random_asking(
        context: AssetExecutionContext,
        data: DataResource,
        registry: MlflowResource,
        labeling: LabelStudioResource,
        gpu: GpuResource,
    ) -> MaterializeResult[None]:
        version = VersionKey(context.partition_key)
        actor = Actor(f"run:{context.run.run_id}")
        asking = RandomAsking(spec, version, data.service(), registry.service(), labeling.service(), actor)
        asking.begin()
        order = asking.order()
        if not asking.is_due(len(order)):
            context.log.info("%d labels at random: not enough more to train on them again.", len(order))
            return MaterializeResult(metadata={"labels": len(order), "trained": False})
        with gpu.lease(context) as lease:
            reached = asking.reach(order, device=lease.torch_device, threads=lease.threads)
        return MaterializeResult(
            metadata={"labels": reached.labels, "trained": True, str(reached.measure): reached.value},
            data_version=DataVersion(f"{reached.labels}-{reached.test_set[:16]}"),
        )

    return random_asking
