"""The asset ``review``: labels that go back to people, and how far those who answer agree."""

from typing import Any

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    DataVersion,
    MaterializeResult,
    MetadataValue,
    asset,
)

from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.spec import DatasetSpec
from resources.gpu.plan_tags import tags_without_checkpoints
from resources.gpu.resource import GpuResource
from resources.kinds import Kind
from resources.labeling.resource import LabelStudioResource
from resources.labeling.reviews.agreement import Agreement
from resources.labeling.reviews.model import Review
from resources.terms import Actor, VersionKey
from trainplat_assets.label_review import LabelReview
from trainplat_assets.partitioned_checks import partitioned_check
from trainplat_assets.step_retries import retry_policy

OWNERS = ["team:ml"]
SHOWN = 20

Metadata = dict[str, MetadataValue[Any] | float | int | str | bool]


def build_review_asset(spec: DatasetSpec) -> AssetsDefinition:
    """The asset ``review``, partitioned by the versions."""

    @asset(
        key=AssetKey([spec.name, "review"]),
        deps=[AssetKey([spec.name, "champion"])],
        partitions_def=versions_partitions(spec.name),
        group_name=f"{spec.name}_labeling",
        kinds={"labelstudio", "torch"},
        owners=OWNERS,
        retry_policy=retry_policy(spec.runs),
        op_tags=tags_without_checkpoints(spec.runs),
        description=(
            "The labels that people gave so far, looked at again by models that were trained on the others: "
            f"at most {spec.review.share:.0%} of them go back to people, with the reason, and leave the "
            "confirmed pool until somebody looked again. That answer is final. Beside it, how far those who "
            "answer agree with each other and with what is known."
        ),
    )
    def review(
        context: AssetExecutionContext,
        data: DataResource,
        labeling: LabelStudioResource,
        gpu: GpuResource,
    ) -> MaterializeResult[None]:
        looking = _looking(spec, context.partition_key, data, labeling, f"run:{context.run.run_id}")
        with gpu.lease(context) as lease:
            returned = looking.look_back(device=lease.torch_device, threads=lease.threads)
        made = looking.ask_again()
        context.log.info("%d labels went back to people, %d tasks were made for them", returned, made)
        counts, waiting = looking.counts(), looking.waiting()
        metadata: Metadata = {
            "returned": returned,
            "in_review": counts.returned,
            "upheld": counts.upheld,
            "corrected": counts.corrected,
            "skipped_again": counts.skipped,
            **_agreement(looking.agreement()),
        }
        if waiting:
            metadata["waiting"] = MetadataValue.md(_waiting(waiting, spec.kind))
        return MaterializeResult(metadata=metadata, data_version=DataVersion(_identity(waiting)))

    return review


def build_review_checks(spec: DatasetSpec) -> list[AssetChecksDefinition]:
    """The checks of ``review``: each returned label can be answered, and annotators agree well enough."""
    return [_tasks_check(spec), _agreement_check(spec)]


def _tasks_check(spec: DatasetSpec) -> AssetChecksDefinition:
    @partitioned_check(
        AssetKey([spec.name, "review"]),
        name="every_review_has_a_task",
        description="Every label that went back to people has a task in Label Studio, and counts nowhere.",
        partitions=versions_partitions(spec.name),
        blocking=False,
    )
    def every_review_has_a_task(
        context: AssetCheckExecutionContext, data: DataResource, labeling: LabelStudioResource
    ) -> AssetCheckResult:
        looking = _looking(spec, context.partition_key, data, labeling, "check")
        waiting = looking.waiting()
        confirmed = {answer.sample for answer in labeling.service().confirmed(spec.name)}
        found = [f"{one.doubted.sample} has no task" for one in waiting if one.task is None]
        found += [
            f"{one.doubted.sample} is confirmed all the same"
            for one in waiting
            if one.doubted.sample in confirmed
        ]
        listed = "\n".join(f"- {one}" for one in found[:SHOWN])
        return AssetCheckResult(
            passed=not found,
            metadata={"in_review": len(waiting)} | ({"findings": MetadataValue.md(listed)} if listed else {}),
        )

    return every_review_has_a_task


def _agreement_check(spec: DatasetSpec) -> AssetChecksDefinition:
    @partitioned_check(
        AssetKey([spec.name, "review"]),
        name="annotators_agree",
        description=(
            f"Krippendorff's alpha of the annotators is at least {spec.review.least_alpha:g}, over the "
            "samples that several of them answered. Warns; says nothing where there are none."
        ),
        partitions=versions_partitions(spec.name),
        blocking=False,
    )
    def annotators_agree(
        context: AssetCheckExecutionContext, data: DataResource, labeling: LabelStudioResource
    ) -> AssetCheckResult:
        agreement = _looking(spec, context.partition_key, data, labeling, "check").agreement()
        enough = agreement.alpha is None or agreement.alpha >= spec.review.least_alpha
        return AssetCheckResult(
            passed=enough,
            severity=AssetCheckSeverity.WARN,
            description=None if enough else f"alpha is {agreement.alpha:.3f}",
            metadata=_agreement(agreement),
        )

    return annotators_agree


def _looking(
    spec: DatasetSpec, version: str, data: DataResource, labeling: LabelStudioResource, actor: str
) -> LabelReview:
    return LabelReview(spec, VersionKey(version), data.service(), labeling.service(), Actor(actor))


def _waiting(waiting: list[Review], kind: Kind) -> str:
    lines = ["| sample | task | label | model | reason |", "|---|---:|---|---|---|"]
    for one in waiting[:SHOWN]:
        doubted = one.doubted
        label, other = doubted.words(kind)
        model = f"{other} ({doubted.other_likelihood or 0:.0%})" if other else ""
        task = one.task or ""
        lines.append(f"| {doubted.sample[:12]} | {task} | {label} | {model} | {doubted.reason} |")
    return "\n".join(lines)


def _agreement(found: Agreement) -> Metadata:
    metadata: Metadata = {"answered_by_several": found.samples}
    if found.alpha is not None:
        metadata["alpha"] = found.alpha
    if found.by_class and found.samples:
        lines = ["| class | agreement |", "|---|---:|"]
        lines += [f"| {label} | {share:.1%} |" for label, share in found.by_class.items()]
        metadata["agreement_by_class"] = MetadataValue.md("\n".join(lines))
    if found.annotators:
        lines = [
            "| annotator | answers | with the others' majority | known | right |",
            "|---:|---:|---:|---:|---:|",
        ]
        for one in found.annotators:
            agreement = "" if one.agreement is None else f"{one.agreement:.1%}"
            accuracy = "" if one.accuracy is None else f"{one.accuracy:.1%}"
            lines.append(f"| {one.annotator} | {one.answered} | {agreement} | {one.known} | {accuracy} |")
        metadata["annotators"] = MetadataValue.md("\n".join(lines))
    return metadata


def _identity(waiting: list[Review]) -> str:
    from hashlib import sha256

    told = sorted((one.doubted.sample, one.doubted.label) for one in waiting)
    return sha256(repr(told).encode()).hexdigest()
