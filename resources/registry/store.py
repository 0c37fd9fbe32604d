"""The tables of the registry."""

import json
from dataclasses import fields
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    insert,
    or_,
    select,
)

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime
from resources.kinds import Measure
from resources.registry.facts import ModelFacts
from resources.registry.model import Decision, ModelVersion, RoundEvaluation, Scores
from resources.terms import DatasetName, Label, VersionKey, version_order

MODEL_VERSIONS = Table(
    "model_versions",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("snapshot_id", String(64), primary_key=True),
    Column("dataset_version", String(300), nullable=False),
    Column("number", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("mlflow_run_id", String(64), nullable=False),
    Column("mlflow_model_id", String(64), nullable=False),
    Column("weights_sha256", String(64), nullable=False),
    Column("run_id", String(64), nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("parent", String(200), nullable=False, server_default=""),
    Column("code_version", String(100), nullable=False, server_default=""),
    Column("method", String(40), nullable=False, server_default=""),
    Column("seed", String(40), nullable=False, server_default=""),
    Column("asset", String(200), nullable=False, server_default=""),
    Column("partition", String(300), nullable=False, server_default=""),
    Column("lease_s", Float),
    Column("cost", String(60)),
    UniqueConstraint("dataset", "number"),
)

EVALUATIONS = Table(
    "evaluations",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("version", String(32), primary_key=True),
    Column("challenger", Integer, nullable=False),
    Column("champion", Integer),
    Column("test_set", String(64), nullable=False),
    Column("test_count", Integer, nullable=False),
    Column("scores", Text, nullable=False),
    Column("evaluated_at", UtcDateTime, nullable=False),
)

DECISIONS = Table(
    "decisions",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("version", String(32), primary_key=True),
    Column("labels", Integer, nullable=False),
    Column("model_number", Integer, nullable=False),
    Column("accuracy_new", Float, nullable=False),
    Column("accuracy_old", Float),
    Column("promoted", Boolean, nullable=False),
    Column("champion_number", Integer, nullable=False),
    Column("champion_version", String(32), nullable=False),
    Column("lease_s", Float, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("measure", String(20), nullable=False, server_default=Measure.ACCURACY),
    Column("barred", Text, nullable=False, server_default=""),
)


def model_of_snapshot(connection: Connection, dataset: DatasetName, snapshot_id: str) -> ModelVersion | None:
    """The model version of a snapshot, as it was last seen in MLflow."""
    table = MODEL_VERSIONS.c
    found = connection.execute(
        select(MODEL_VERSIONS).where(table.dataset == dataset, table.snapshot_id == snapshot_id)
    ).first()
    return None if found is None else _model(found)


def model_by_number(connection: Connection, dataset: DatasetName, number: int) -> ModelVersion | None:
    """The model version with MLflow's number."""
    table = MODEL_VERSIONS.c
    found = connection.execute(
        select(MODEL_VERSIONS).where(table.dataset == dataset, table.number == number)
    ).first()
    return None if found is None else _model(found)


def newest_model_of(connection: Connection, dataset: DatasetName, version: VersionKey) -> ModelVersion | None:
    """The model version that was registered last for a data version."""
    table = MODEL_VERSIONS.c
    found = connection.execute(
        select(MODEL_VERSIONS)
        .where(table.dataset == dataset, table.dataset_version == version)
        .order_by(table.number.desc())
    ).first()
    return None if found is None else _model(found)


def models_of(connection: Connection, dataset: DatasetName | None = None) -> list[ModelVersion]:
    """All model versions, of one data set or of all, by name and number."""
    query = select(MODEL_VERSIONS).order_by(MODEL_VERSIONS.c.dataset, MODEL_VERSIONS.c.number)
    if dataset is not None:
        query = query.where(MODEL_VERSIONS.c.dataset == dataset)
    return [_model(row) for row in connection.execute(query).all()]


def drop_model(connection: Connection, dataset: DatasetName, number: int) -> bool:
    """Forget a model version; False where there is none."""
    table = MODEL_VERSIONS.c
    gone = connection.execute(delete(MODEL_VERSIONS).where(table.dataset == dataset, table.number == number))
    return gone.rowcount > 0


def put_model(connection: Connection, model: ModelVersion) -> None:
    """Keep ``model`` as the one of its snapshot, and as the only one with its number."""
    table = MODEL_VERSIONS.c
    same = or_(table.snapshot_id == model.snapshot_id, table.number == model.number)
    connection.execute(delete(MODEL_VERSIONS).where(table.dataset == model.dataset, same))
    values = {name: value for name, value in model.__dict__.items() if name != "facts"}
    connection.execute(insert(MODEL_VERSIONS).values(**values, **model.facts.__dict__))


def put_evaluation(connection: Connection, evaluation: RoundEvaluation, now: datetime) -> None:
    """Keep ``evaluation`` as the one of its version."""
    table = EVALUATIONS.c
    connection.execute(
        delete(EVALUATIONS).where(table.dataset == evaluation.dataset, table.version == evaluation.version)
    )
    scores = {
        "classes": evaluation.classes,
        "challenger": evaluation.challenger_scores.__dict__,
        "champion": evaluation.champion_scores.__dict__ if evaluation.champion_scores else None,
    }
    connection.execute(
        insert(EVALUATIONS).values(
            dataset=evaluation.dataset,
            version=evaluation.version,
            challenger=evaluation.challenger,
            champion=evaluation.champion,
            test_set=evaluation.test_set,
            test_count=evaluation.test_count,
            scores=json.dumps(scores),
            evaluated_at=now,
        )
    )


def evaluation_of(
    connection: Connection, dataset: DatasetName, version: VersionKey
) -> RoundEvaluation | None:
    """The evaluation of a version's round."""
    table = EVALUATIONS.c
    found = connection.execute(
        select(EVALUATIONS).where(table.dataset == dataset, table.version == version)
    ).first()
    return None if found is None else _evaluation(found)


def evaluations_of(connection: Connection, dataset: DatasetName) -> dict[VersionKey, RoundEvaluation]:
    """The evaluations of all rounds of a data set."""
    rows = connection.execute(select(EVALUATIONS).where(EVALUATIONS.c.dataset == dataset)).all()
    return {VersionKey(row.version): _evaluation(row) for row in rows}


def _evaluation(found: Row[tuple[object, ...]]) -> RoundEvaluation:
    scores = json.loads(found.scores)
    return RoundEvaluation(
        dataset=DatasetName(found.dataset),
        version=VersionKey(found.version),
        challenger=found.challenger,
        champion=found.champion,
        test_set=found.test_set,
        test_count=found.test_count,
        classes=tuple(Label(name) for name in scores["classes"]),
        challenger_scores=_scores(scores["challenger"]),
        champion_scores=_scores(scores["champion"]) if scores["champion"] else None,
    )


def put_decision(connection: Connection, decision: Decision) -> None:
    """Keep ``decision`` as the one of its version."""
    table = DECISIONS.c
    connection.execute(
        delete(DECISIONS).where(table.dataset == decision.dataset, table.version == decision.version)
    )
    connection.execute(insert(DECISIONS).values(**decision.__dict__))


def decisions_of(connection: Connection, dataset: DatasetName) -> list[Decision]:
    """All decisions of a data set, by version."""
    rows = connection.execute(select(DECISIONS).where(DECISIONS.c.dataset == dataset)).all()
    return sorted((_decision(row) for row in rows), key=lambda decision: version_order(decision.version))


def _model(row: Row[tuple[object, ...]]) -> ModelVersion:
    values = row._asdict()
    facts = ModelFacts(**{one.name: values.pop(one.name) for one in fields(ModelFacts)})
    return ModelVersion(**values, facts=facts)


def _decision(row: Row[tuple[object, ...]]) -> Decision:
    return Decision(**(row._asdict() | {"measure": Measure(row.measure)}))


def _scores(content: dict[str, object]) -> Scores:
    confusion: list[list[int]] = content["confusion"]  # type: ignore[assignment]
    return Scores(
        accuracy=content["accuracy"],  # type: ignore[arg-type]
        recalls=content["recalls"],  # type: ignore[arg-type]
        confusion=tuple(tuple(row) for row in confusion),
        measure=Measure(str(content.get("measure", Measure.ACCURACY))),
    )
