"""From a source folder to a frozen snapshot: one version of a data set, stage by stage."""

from collections.abc import Callable, Sequence
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

from resources.data.model import Quarantined, Split, SplitReport, VersionRecord
from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.marks import told
from resources.terms import FIRST_VERSION, Actor, SampleId, VersionKey
from trainplat_assets.pictures import bar_chart, embedded
from trainplat_assets.shown import shown
from trainplat_assets.step_retries import retry_policy
from trainplat_assets.tables import table

OWNERS = ["team:ml"]
SHOWN_SAMPLES = 30

Metadata = dict[str, MetadataValue[Any] | float | int | str | bool]
Stage = Callable[[DataService, VersionKey, Actor], MaterializeResult[None]]


def build_data_assets(spec: DatasetSpec) -> list[AssetsDefinition]:
    """The six assets of a version of a data set, each partitioned by its versions."""
    return [
        _stage_asset(
            spec,
            "collected",
            after=None,
            kinds={"python", "image"},
            description=(
                f"What the source folder of {spec.title.lower()} holds, on top of the parent version's "
                "samples. A sample is known by the SHA-256 of its content: a file that was imported twice "
                "counts once."
            ),
            run=lambda data, version, actor: _collected(data, spec, version, actor),
        ),
        _stage_asset(
            spec,
            "validated",
            after="collected",
            kinds={"python", "image"},
            description=(
                "The samples that can be used. A broken image, a label outside the classes or a file that is "
                "no image is quarantined: left out of the version, and named with its reason and what to do."
            ),
            run=lambda data, version, _: _validated(data, spec, version),
        ),
        _stage_asset(
            spec,
            "transformed",
            after="validated",
            kinds={"numpy"},
            description=(
                "The images as models see them: grey, of one size, brightness 0 to 255, after the transforms "
                "that the data set declares. Each image is transformed once, whichever versions it is in."
            ),
            run=lambda data, version, _: _transformed(data, spec, version),
        ),
        _stage_asset(
            spec,
            "split",
            after="transformed",
            kinds={"python"},
            description=(
                "Who trains, who waits in the pool, who tests. The test set is drawn by content hash and the "
                "same in every version; the labels that people confirmed since the parent are taken up here."
            ),
            run=lambda data, version, _: _split(data, spec, version),
        ),
        _stage_asset(
            spec,
            "dataset",
            after="split",
            kinds={"dvc"},
            description="The version, sealed: a tree of files in DVC's formats that never changes again.",
            run=lambda data, version, actor: _dataset(data, spec, version, actor),
        ),
        _stage_asset(
            spec,
            "snapshot",
            after="dataset",
            kinds={"json"},
            description="What a training starts from, frozen: dataset version, split, transform and code.",
            run=lambda data, version, actor: _snapshot(data, spec, version, actor),
        ),
    ]


def _stage_asset(
    spec: DatasetSpec, name: str, *, after: str | None, kinds: set[str], description: str, run: Stage
) -> AssetsDefinition:
    @asset(
        key=AssetKey([spec.name, name]),
        deps=[] if after is None else [AssetKey([spec.name, after])],
        partitions_def=versions_partitions(spec.name),
        group_name=f"{spec.name}_data",
        kinds=kinds,
        owners=OWNERS,
        retry_policy=retry_policy(spec.runs),
        description=description,
    )
    def stage(context: AssetExecutionContext, data: DataResource) -> MaterializeResult[None]:
        version = VersionKey(context.partition_key)
        made = run(data.service(), version, Actor(f"run:{context.run.run_id}"))
        versions_partitions(spec.name).register(context.instance, version)  # not one that nobody planned
        return made

    return stage


def _collected(
    data: DataService, spec: DatasetSpec, version: VersionKey, actor: Actor
) -> MaterializeResult[None]:
    if version == FIRST_VERSION:
        data.plan_first(spec, actor)
    report = data.collect(spec, version)
    metadata: Metadata = {
        "files": report.files,
        "samples": report.samples,
        "new_samples": report.new_samples,
        "duplicates": len(report.duplicates),
        "source": MetadataValue.path(data.source_folder(spec.name)),
    }
    if report.duplicates:
        rows = [{"file": file, "same content as": counted} for file, counted in report.duplicates]
        metadata["duplicate_files"] = table(rows)
    return MaterializeResult(metadata=metadata, data_version=DataVersion(report.digest))


def _validated(data: DataService, spec: DatasetSpec, version: VersionKey) -> MaterializeResult[None]:
    report = data.validate(spec, version)
    metadata: Metadata = {
        "samples": report.samples,
        "quarantined": len(report.quarantined),
        "near_duplicates": report.near_duplicates,
    }
    if report.quarantined:
        metadata["quarantined_files"] = quarantine_table(report.quarantined)
    return MaterializeResult(metadata=metadata, data_version=DataVersion(report.digest))


def _transformed(data: DataService, spec: DatasetSpec, version: VersionKey) -> MaterializeResult[None]:
    report = data.transform(spec, version)
    metadata: Metadata = {
        "samples": report.samples,
        "transform": report.transform,
        "mean_brightness": report.mean,
        "brightness_deviation": report.deviation,
    }
    return MaterializeResult(metadata=metadata, data_version=DataVersion(report.digest))


def _split(data: DataService, spec: DatasetSpec, version: VersionKey) -> MaterializeResult[None]:
    report = data.split(spec, version)
    metadata: Metadata = {
        "labelled": report.counts[Split.TRAIN],
        "pool": report.counts[Split.POOL],
        "test": report.counts[Split.TEST],
        "newly_labelled": report.newly_labelled,
        "corrected": report.corrected,
        "held_back": report.held_back,
        "held_back_like_test": report.like_test,
        "split_rule": report.split_rule,
        "class_balance": _balance_picture(report, version),
        "class_counts": _balance_table(report),
    }
    return MaterializeResult(metadata=metadata, data_version=DataVersion(report.digest))


def _dataset(
    data: DataService, spec: DatasetSpec, version: VersionKey, actor: Actor
) -> MaterializeResult[None]:
    sealed = data.seal(spec, version, actor)
    metadata: Metadata = {
        "labelled": sealed.labelled or 0,
        "pool": sealed.pool or 0,
        "test": sealed.test or 0,
        "new_labels": sealed.new_labels,
        "parent": sealed.parent or "none: the first version",
        "tree": sealed.tree_md5 or "",
        "check_out": MetadataValue.md(
            f"`cd {data.dvc_folder(spec.name)} && dvc checkout versions/{version}.dvc`"
        ),
        "samples": _sample_picture(data, spec, sealed),
    }
    return MaterializeResult(metadata=metadata, data_version=DataVersion(sealed.tree_md5 or ""))


def _snapshot(
    data: DataService, spec: DatasetSpec, version: VersionKey, actor: Actor
) -> MaterializeResult[None]:
    snapshot = data.freeze_snapshot(spec, version, actor)
    metadata: Metadata = {
        "snapshot": snapshot.id,
        "dataset_version": snapshot.dataset_version,
        "tree": snapshot.tree_md5,
        "split_rule": snapshot.split_rule,
        "transform": snapshot.transform,
        "code_version": snapshot.code_version,
        "file": MetadataValue.path(snapshot.path),
    }
    return MaterializeResult(metadata=metadata, data_version=DataVersion(snapshot.id))


def _balance_picture(report: SplitReport, version: VersionKey) -> MetadataValue[Any]:
    series = {
        str(split): {str(label): count for label, count in counts.items()}
        for split, counts in report.balance.items()
    }
    chart = bar_chart(series, title=f"Labelled samples by class, {version}", what="samples")
    return embedded(chart, f"class balance of {version}")


def _balance_table(report: SplitReport) -> MetadataValue[Any]:
    train, test = report.balance[Split.TRAIN], report.balance[Split.TEST]
    return table([{"class": label, "train": train[label], "test": test[label]} for label in train])


def _sample_picture(data: DataService, spec: DatasetSpec, sealed: VersionRecord) -> MetadataValue[Any]:
    """The labels that are new in this version; in a first version the first of all."""
    train = data.images(spec.name, sealed.version, Split.TRAIN)
    new: set[SampleId] = {label.sample for label in data.confirmed_labels(spec.name, sealed.version)}
    chosen = [place for place, sample in enumerate(train.ids) if sample in new or not new][:SHOWN_SAMPLES]
    answers = train.answers or ()
    labels = [told(spec.kind, answers[place]) for place in chosen]
    return shown(spec.kind, train.images[chosen], labels, f"samples that {sealed.version} is trained on")


def quarantine_table(quarantined: Sequence[Quarantined]) -> MetadataValue[Any]:
    """What was left out, why, and what to do about it."""
    return table(
        [{"file": one.file, "problem": one.problem, "what to do": one.next_step} for one in quarantined]
    )
