"""Models that are registered in our tables only, for tests of what stands on them."""

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from resources.database.engine import Database
from resources.home import Home
from resources.registry import store
from resources.registry.model import Decision, ModelVersion
from resources.serving.deployments.service import DeploymentService
from resources.terms import Actor, DatasetName, VersionKey
from tests.resources.registry.examples import evaluation, scores

ACTOR = Actor("user:tester")
NAME = DatasetName("digits")
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A clock that goes on by a second each time it is looked at."""

    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def model(number: int, name: DatasetName = NAME) -> ModelVersion:
    """The model version with a number, trained from the version v1.<number - 1>."""
    return ModelVersion(
        dataset=name,
        dataset_version=VersionKey(f"v1.{number - 1}"),
        number=number,
        snapshot_id=sha256(f"{name} {number}".encode()).hexdigest(),
        source="",
        mlflow_run_id="",
        mlflow_model_id="",
        weights_sha256=sha256(f"weights of {name} {number}".encode()).hexdigest(),
        run_id="",
        registered_at=BEGAN + timedelta(hours=number),
    )


def register(database: Database, numbers: Iterable[int], name: DatasetName = NAME) -> None:
    """Models in our tables, each measured well and promoted by its round."""
    with database.write() as connection:
        for number in numbers:
            one = model(number, name)
            store.put_model(connection, one)
            measured = evaluation(name, one.dataset_version, number, scores(90, 10))
            store.put_evaluation(connection, measured, BEGAN)
            store.put_decision(connection, decision(number, name))


def decision(number: int, name: DatasetName = NAME) -> Decision:
    """A round that promoted its challenger."""
    version = VersionKey(f"v1.{number - 1}")
    return Decision(
        dataset=name,
        version=version,
        labels=100,
        model_number=number,
        accuracy_new=0.9,
        accuracy_old=None,
        promoted=True,
        champion_number=number,
        champion_version=version,
        lease_s=0.0,
        decided_at=BEGAN,
    )


def deployments(
    home: Path, numbers: Iterable[int] = range(1, 6), at_head: Path | None = None
) -> DeploymentService:
    """The deployments of a home with models that may all be promoted. ``at_head``: its tables, made."""
    place = Home(home)
    if at_head is not None:
        home.mkdir(parents=True)
        shutil.copyfile(at_head, home / "trainplat.db")
    database = place.database()
    register(database, numbers)
    return DeploymentService(place, database, Clock())
