"""From a snapshot to a champion: train, measure against the champion, keep the better one."""

from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    DataVersion,
    Failure,
    MaterializeResult,
    MetadataValue,
    TableColumn,
    TableRecord,
    TableSchema,
    asset,
)

from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.results.model import RUN_TAG, ResultSnapshot
from resources.data.spec import DatasetSpec
from resources.errors import Conflict
from resources.gpu.plan_tags import tags_of
from resources.gpu.policy.price import Cost
from resources.gpu.resource import GpuResource
from resources.gpu.terms import terms_of
from resources.learning.continual.forgetting import VersionMatrix
from resources.learning.model import EpochPoint
from resources.registry.facts import ModelFacts
from resources.registry.model import Decision, ModelVersion, NoChampion, RoundEvaluation, newest_measure
from resources.registry.resource import MlflowResource
from resources.serving.deployments.words import in_words
from resources.terms import Actor, VersionKey
from sensors.attempts import WHAT_NEXT
from trainplat_assets import model_round
from trainplat_assets.forgetting import table_of
from trainplat_assets.gate_round import GateRound, gates_metadata
from trainplat_assets.lessons import method_of
from trainplat_assets.model_pictures import confusion_picture, curve_picture, forgetting_picture
from trainplat_assets.pictures import embedded
from trainplat_assets.round_following import RunFollower
from trainplat_assets.step_retries import retry_policy
from trainplat_assets.training_work import TrainedModel

OWNERS = ["team:ml"]
LOG_EVERY_EPOCHS = 10


Metadata = dict[str, MetadataValue[Any] | float | int | str | bool]


def build_model_assets(spec: DatasetSpec) -> list[AssetsDefinition]:
    """The assets ``model``, ``evaluation`` and ``champion`` of a data set, partitioned by its versions."""
    return [_model_asset(spec), _evaluation_asset(spec), _champion_asset(spec)]


def _model_asset(spec: DatasetSpec) -> AssetsDefinition:
    @asset(
        key=AssetKey([spec.name, "model"]),
        deps=[AssetKey([spec.name, "snapshot"])],
        partitions_def=versions_partitions(spec.name),
        group_name=f"{spec.name}_model",
        kinds={"torch", "mlflow"},
        owners=OWNERS,
        op_tags=tags_of(spec.runs),
        retry_policy=retry_policy(spec.runs),
        description=(
            f"A model of {spec.title.lower()}, trained under a GPU lease. The first version trains a base "
            f"model; each later one goes on from the champion by the method {spec.continual.method}, so that "
            "what that one knows is kept. A snapshot that has a registered model is not trained again."
        ),
    )
    def model(
        context: AssetExecutionContext, data: DataResource, registry: MlflowResource, gpu: GpuResource
    ) -> MaterializeResult[None]:
        version = VersionKey(context.partition_key)

        def progress(point: EpochPoint) -> None:
            holding.touch()
            if point.epoch % LOG_EVERY_EPOCHS == 0:
                said = f"epoch {point.epoch}: loss {point.loss:.4f}, training accuracy {point.accuracy:.1%}"
                context.log.info(said)

        round_ = model_round.Round(spec, version, data.service(), registry.service(), _actor(context))
        with round_.locked(priority_of(context)) as holding:
            found = round_.registered()
            if found is not None:
                context.log.info("%s was trained from this very snapshot: not again.", found.uri)
                kept = round_.result_of(found)
                show_result(context, kept)
                return MaterializeResult(
                    metadata=_model_metadata(round_, found, kept) | {"trained": False},
                    data_version=DataVersion(found.weights_sha256),
                )
            with gpu.lease(context) as lease:
                context.log.info("Trains on %s with %d CPU threads.", ", ".join(lease.devices), lease.threads)
                trained = round_.train(
                    device=lease.torch_device,
                    threads=lease.threads,
                    run_id=context.run.run_id,
                    progress=progress,
                    follower=RunFollower(context, data.service(), lease, holding.touch),
                )
            show_result(context, trained.result)
        context.log.info("%s is registered, its result is %s.", trained.model.uri, trained.result.id)
        last = trained.weights.curve[-1]
        metadata = _model_metadata(round_, trained.model, trained.result) | {
            "trained": trained.created,
            "curve": embedded(curve_picture(trained.weights.curve), "loss and accuracy by epoch"),
            "train_loss": last.loss,
            "train_accuracy": last.accuracy,
            "train_seconds": trained.seconds,
            "epochs": last.epoch,
            "epochs_from_checkpoint": trained.weights.resumed_from_epoch,
            "labelled_samples": trained.labelled,
            "goes_on_from": trained.start.uri if trained.start else "nothing: a base model",
            **lesson_metadata(trained),
            "lease_seconds": round(round_.lease_s(trained.model), 1),
        }
        return MaterializeResult(metadata=metadata, data_version=DataVersion(trained.model.weights_sha256))

    return model


def _evaluation_asset(spec: DatasetSpec) -> AssetsDefinition:
    @asset(
        key=AssetKey([spec.name, "evaluation"]),
        deps=[AssetKey([spec.name, "model"])],
        partitions_def=versions_partitions(spec.name),
        group_name=f"{spec.name}_model",
        kinds={"torch"},
        owners=OWNERS,
        retry_policy=retry_policy(spec.runs),
        description=(
            f"The new model and the champion before it, measured on the same held-out test set: "
            f"{spec.kind.measure.words}, "
            "recall of each class, what each takes for what, and what each version knows of each task."
        ),
    )
    def evaluation(
        context: AssetExecutionContext, data: DataResource, registry: MlflowResource
    ) -> MaterializeResult[None]:
        version = VersionKey(context.partition_key)
        round_ = model_round.Round(spec, version, data.service(), registry.service(), _actor(context))
        measured = round_.evaluate()
        judged = GateRound.of(round_, context.instance).judge()
        return MaterializeResult(
            metadata=_evaluation_metadata(measured)
            | _forgetting_metadata(round_.matrix())
            | gates_metadata(judged.results),
            data_version=DataVersion(f"{measured.test_set[:16]}-{measured.challenger}-{measured.champion}"),
        )

    return evaluation


def _champion_asset(spec: DatasetSpec) -> AssetsDefinition:
    @asset(
        key=AssetKey([spec.name, "champion"]),
        deps=[AssetKey([spec.name, "evaluation"])],
        partitions_def=versions_partitions(spec.name),
        group_name=f"{spec.name}_model",
        kinds={"mlflow"},
        owners=OWNERS,
        retry_policy=retry_policy(spec.runs),
        description=(
            "The best model so far: the new one where it is strictly better than the champion before it and "
            "passes its gates. MLflow's aliases `champion` and `challenger` follow, and a new champion goes "
            f"live by {spec.deploy.strategy.words}."
        ),
    )
    def champion(
        context: AssetExecutionContext, data: DataResource, registry: MlflowResource
    ) -> MaterializeResult[None]:
        version = VersionKey(context.partition_key)
        service = registry.service()
        round_ = model_round.Round(spec, version, data.service(), service, _actor(context))
        round_.measure_against_champion()
        gates = GateRound.of(round_, context.instance)
        judged = gates.judge()
        try:
            decision = round_.decide(gates.barred(judged))
        except NoChampion as problem:  # the same would come of another try
            told = {WHAT_NEXT: problem.next_step, **gates_metadata(judged.results)}
            raise Failure(str(problem), told, allow_retries=False) from problem
        context.log.info(model_round.sentence(decision))
        return MaterializeResult(
            metadata=_champion_metadata(
                decision, service.decisions(spec.name), round_.champion_link(decision)
            )
            | _cost_metadata(round_.cost())
            | gates_metadata(judged.results)
            | _deployed_metadata(context, round_, decision),
            data_version=DataVersion(str(decision.champion_number)),
        )

    return champion


def lesson_metadata(trained: TrainedModel) -> Metadata:
    """By which method it was trained, and with how much of what is labelled."""
    return {
        "method": method_of(trained.lesson),
        "trained_with": len(trained.lesson.trained_with),
        "remembered_bytes": len(trained.weights.memory or b""),
    }


def _actor(context: AssetExecutionContext) -> Actor:
    return Actor(f"run:{context.run.run_id}")


def priority_of(context: AssetExecutionContext) -> int:
    """The priority of the run, which orders those who lock a version at once."""
    return terms_of(context.run.tags).priority


def show_result(context: AssetExecutionContext, kept: ResultSnapshot) -> None:
    """Let the run say which result snapshot it made, or found."""
    context.instance.add_run_tags(context.run.run_id, {RUN_TAG: kept.id})


def _model_metadata(round_: "model_round.Round", model: ModelVersion, kept: ResultSnapshot) -> Metadata:
    metadata: Metadata = {
        "registered_as": MetadataValue.text(model.uri),
        "model_version": MetadataValue.int(model.number),
        "snapshot": MetadataValue.text(model.snapshot_id),
        "result": MetadataValue.text(kept.id),
        "data_version": MetadataValue.text(model.dataset_version),
        **_facts_metadata(model.facts),
    }
    link = round_.registry.link(model)
    if link is not None:
        metadata["mlflow"] = MetadataValue.url(link)
    return metadata


def _facts_metadata(facts: ModelFacts) -> Metadata:
    """What the version says of itself in MLflow too; numbers, which plot, as numbers."""
    told: Metadata = {
        "parent_model": facts.parent or "nothing: a base model",
        "code_version": facts.code_version,
        "method": facts.method,
    }
    if facts.seed.isdecimal():
        told["seed"] = int(facts.seed)
    if facts.lease_s is not None:
        told["lease_seconds"] = facts.lease_s
    if facts.cost is not None:
        told["lease_cost"] = facts.cost
    return {name: value for name, value in told.items() if value != ""}


def _evaluation_metadata(measured: RoundEvaluation) -> Metadata:
    new, old = measured.challenger_scores, measured.champion_scores
    metadata: Metadata = {
        str(new.measure): new.accuracy,
        "confusion": embedded(confusion_picture(measured), "what each model takes for what"),
        "recall_by_class": _recall_table(measured),
        "test_images": measured.test_count,
        "test_set": measured.test_set,
    }
    if old is not None:
        metadata[f"champion_{old.measure}"] = old.accuracy
        metadata["gain"] = new.accuracy - old.accuracy
    return metadata


def _forgetting_metadata(matrix: VersionMatrix | None) -> Metadata:
    """What each version knows of each task; the numbers plot over the versions."""
    if matrix is None:
        return {}
    return {
        "forgetting": matrix.forgetting,
        "backward_transfer": matrix.backward_transfer,
        "forgetting_matrix": MetadataValue.md(table_of(matrix)),
        "forgetting_plot": embedded(forgetting_picture(matrix), "right answers on each task, by version"),
    }


def _recall_table(measured: RoundEvaluation) -> MetadataValue[Any]:
    def share(value: float | None) -> str:
        return "no test image" if value is None else f"{value:.1%}"

    old = measured.champion_scores
    records = []
    for label in measured.classes:
        row = {"class": label, "recall": share(measured.challenger_scores.recalls[label])}
        if old is not None:
            row["champion before"] = share(old.recalls[label])
        records.append(TableRecord(row))
    columns = [TableColumn(name, "string") for name in records[0].data]
    return MetadataValue.table(records, TableSchema(columns))


def _cost_metadata(cost: Cost | None) -> Metadata:
    """What the devices of the training cost; nothing where the home has no prices."""
    if cost is None:
        return {}
    told: Metadata = {"lease_cost": cost.text}
    if cost.unpriced:
        told["lease_cost_without"] = ", ".join(cost.unpriced)
    return told


def _deployed_metadata(
    context: AssetExecutionContext, round_: "model_round.Round", decision: Decision
) -> Metadata:
    """What became of a promotion; nothing where there was none."""
    try:
        state = round_.deploy(decision)
    except Conflict as problem:
        context.log.warning("It does not go live: %s", problem)
        return {"deployed": f"no: {problem.problem}"}
    if state is None:
        return {}
    said = in_words(state)
    context.log.info(said)
    return {"deployed": said, "live_model": str(state.live)}


def _champion_metadata(decision: Decision, decisions: list[Decision], link: str | None) -> Metadata:
    metadata: Metadata = {
        "outcome": model_round.sentence(decision),
        "promoted": decision.promoted,
        str(decision.measure): max(decision.accuracy_new, decision.accuracy_old or 0.0),
        f"{decision.measure}_new": decision.accuracy_new,
        "champion_version": decision.champion_version,
        "champion_model": decision.champion_number,
        "labelled_samples": decision.labels,
        "lease_seconds": decision.lease_s,
        "rounds": MetadataValue.md(_rounds_table(decisions)),
    }
    if decision.accuracy_old is not None:
        metadata[f"{decision.measure}_old"] = decision.accuracy_old
    if link is not None:
        metadata["mlflow"] = MetadataValue.url(link)
    return metadata


def _rounds_table(decisions: list[Decision]) -> str:
    measure = newest_measure(decisions).words
    lines = [
        f"| version | labels | {measure} before | {measure} now | champion |",
        "|---|---:|---:|---:|---|",
    ]
    for made in decisions:
        before = "" if made.accuracy_old is None else f"{made.accuracy_old:.1%}"
        now = f"**{made.accuracy_new:.1%}**" if made.promoted else f"{made.accuracy_new:.1%}"
        lines.append(f"| {made.version} | {made.labels} | {before} | {now} | {made.champion_version} |")
    return "\n".join(lines)
