"""From a champion to questions: what it makes of the pool, which samples are worth asking, the tasks."""

from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    DataVersion,
    MaterializeResult,
    MetadataValue,
    asset,
)

from resources.asking import Why
from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.spec import DatasetSpec
from resources.gpu.plan_tags import tags_without_checkpoints
from resources.gpu.resource import GpuResource
from resources.labeling.predictions import Query
from resources.labeling.resource import LabelStudioResource
from resources.learning.querying.quality import Estimate
from resources.marks import classes_in, told
from resources.registry.resource import MlflowResource
from resources.terms import Actor, VersionKey
from trainplat_assets.labeling_round import LabelingRound
from trainplat_assets.pictures import bar_chart, embedded
from trainplat_assets.shown import shown
from trainplat_assets.step_retries import retry_policy

OWNERS = ["team:ml"]
SHOWN_SAMPLES = 30
PICKED_BY = (Why.STRATEGY, Why.RANDOM)
"""Who takes samples of the pool."""

Metadata = dict[str, MetadataValue[Any] | float | int | str | bool]


def build_labeling_assets(spec: DatasetSpec) -> list[AssetsDefinition]:
    """The assets ``pool_predictions``, ``query`` and ``label_tasks``, partitioned by the versions."""
    return [_predictions_asset(spec), _query_asset(spec), _tasks_asset(spec)]


def _predictions_asset(spec: DatasetSpec) -> AssetsDefinition:
    @asset(
        key=AssetKey([spec.name, "pool_predictions"]),
        deps=[AssetKey([spec.name, "champion"])],
        partitions_def=versions_partitions(spec.name),
        group_name=f"{spec.name}_labeling",
        kinds={"torch"},
        owners=OWNERS,
        retry_policy=retry_policy(spec.runs),
        op_tags=tags_without_checkpoints(spec.runs),
        description=(
            "What the champion after this version's round says about every sample without a label: the model "
            "server is asked where one runs."
        ),
    )
    def pool_predictions(
        context: AssetExecutionContext,
        data: DataResource,
        registry: MlflowResource,
        labeling: LabelStudioResource,
        gpu: GpuResource,
    ) -> MaterializeResult[None]:
        round_ = _round(spec, context, data, registry, labeling)
        with gpu.lease(context) as lease:
            done = round_.predict(device=lease.torch_device, threads=lease.threads)
        found = done.result
        context.log.info("Predicted by the %s: %s.", done.by, done.why)
        metadata: Metadata = {
            "pool": len(found.ids),
            "model": found.model,
            "predicted_by": done.by,
            "predicted_how": done.why,
        }
        if found.ids:
            sureness = found.probabilities.max(axis=1)
            metadata |= {
                "mean_confidence": float(sureness.mean()),
                "confidence": embedded(_histogram(sureness), "how sure the champion is of the pool"),
            }
        return MaterializeResult(
            metadata=metadata, data_version=DataVersion(f"{found.model}-{len(found.ids)}")
        )

    return pool_predictions


def _query_asset(spec: DatasetSpec) -> AssetsDefinition:
    @asset(
        key=AssetKey([spec.name, "query"]),
        deps=[AssetKey([spec.name, "pool_predictions"])],
        partitions_def=versions_partitions(spec.name),
        group_name=f"{spec.name}_labeling",
        kinds={"python"},
        owners=OWNERS,
        retry_policy=retry_policy(spec.runs),
        description=(
            f"The {spec.labels_per_round} samples that people are asked about: {spec.query.random_share:.0%} "
            "of them drawn at random from all that was never asked, whose quality is estimated from them "
            f"without bias, the others by {spec.query.strategy}. Samples that were asked before are left out."
        ),
    )
    def query(
        context: AssetExecutionContext,
        data: DataResource,
        registry: MlflowResource,
        labeling: LabelStudioResource,
    ) -> MaterializeResult[None]:
        round_ = _round(spec, context, data, registry, labeling)
        chosen = round_.choose()
        metadata: Metadata = {
            "questions": len(chosen.picks),
            "strategy": chosen.strategy,
            "model": chosen.model,
            **_quality(round_.quality()),
        }
        if chosen.picks:
            first = chosen.picks[:SHOWN_SAMPLES]
            images = round_.pictures([pick.sample for pick in first])
            captions = [f"{told(spec.kind, pick.guess)}? {pick.score:.0%}" for pick in first]
            metadata |= {
                "mean_confidence": sum(pick.score for pick in chosen.picks) / len(chosen.picks),
                "asked": shown(spec.kind, images, captions, "what people are asked, with the guesses"),
                "guesses": embedded(_guesses(spec, chosen), "guesses by class"),
                "composition": MetadataValue.md(_composition(chosen)),
                **{f"picked_by_{why}": sum(pick.why is why for pick in chosen.picks) for why in PICKED_BY},
            }
        return MaterializeResult(metadata=metadata, data_version=DataVersion(round_.digest(chosen)))

    return query


def _tasks_asset(spec: DatasetSpec) -> AssetsDefinition:
    @asset(
        key=AssetKey([spec.name, "label_tasks"]),
        deps=[AssetKey([spec.name, "query"]), AssetKey([spec.name, "review"])],
        partitions_def=versions_partitions(spec.name),
        group_name=f"{spec.name}_labeling",
        kinds={"labelstudio"},
        owners=OWNERS,
        retry_policy=retry_policy(spec.runs),
        description=(
            "The questions as tasks in Label Studio, each with the champion's guess preselected. One task "
            "for each sample, however often this is run; what people answer starts the next version."
        ),
    )
    def label_tasks(
        context: AssetExecutionContext,
        data: DataResource,
        registry: MlflowResource,
        labeling: LabelStudioResource,
    ) -> MaterializeResult[None]:
        round_ = _round(spec, context, data, registry, labeling)
        report = round_.ask(context.log.warning)
        context.log.info(
            "%d questions are in Label Studio, %d of them made now: %s",
            report.asked,
            report.sent,
            report.address,
        )
        standing = labeling.service().standing(spec.name)
        metadata: Metadata = {
            "label_studio": MetadataValue.url(report.address),
            "questions": report.asked,
            "tasks_made": report.sent,
            "open_questions": standing.open,
            "in_review": standing.in_review,
        }
        return MaterializeResult(metadata=metadata, data_version=DataVersion(round_.digest(round_.query())))

    return label_tasks


def _round(
    spec: DatasetSpec,
    context: AssetExecutionContext,
    data: DataResource,
    registry: MlflowResource,
    labeling: LabelStudioResource,
) -> LabelingRound:
    return LabelingRound(
        spec,
        VersionKey(context.partition_key),
        data.service(),
        registry.service(),
        labeling.service(),
        Actor(f"run:{context.run.run_id}"),
    )


def _histogram(sureness: Any) -> bytes:
    """How many samples fall into each tenth of confidence."""
    counts = [0] * 10
    for value in sureness.tolist():
        counts[min(9, int(value * 10))] += 1
    heights = {f"{tenth * 10}%": float(count) for tenth, count in enumerate(counts)}
    return bar_chart({"pool": heights}, title="Confidence in the pool", what="samples")


def _composition(chosen: Query) -> str:
    """Who took how many, and how sure the champion is of them."""
    lines = ["| picked by | samples | mean confidence |", "|---|---:|---:|"]
    for why in PICKED_BY:
        scores = [pick.score for pick in chosen.picks if pick.why is why]
        name = chosen.strategy if why is Why.STRATEGY else "chance, from all that was never asked"
        if scores:
            lines.append(f"| {name} | {len(scores)} | {sum(scores) / len(scores):.1%} |")
    return "\n".join(lines)


def _quality(found: Estimate | None) -> Metadata:
    """The estimate from random picks so far; nothing while none is answered."""
    if found is None:
        return {}
    return {
        "random_picks_answered": found.asked,
        "random_picks_guessed_right": found.share,
        "guessed_right_at_least": found.low,
        "guessed_right_at_most": found.high,
    }


def _guesses(spec: DatasetSpec, chosen: Query) -> bytes:
    guesses = [one for pick in chosen.picks for one in classes_in(spec.kind, pick.guess)]
    heights = {str(label): float(guesses.count(label)) for label in spec.classes}
    return bar_chart({"asked": heights}, title="What the champion takes them for", what="questions")
