"""A structure search through Dagster: what it chooses becomes a version and a model like any other."""

from dataclasses import replace
from pathlib import Path

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult, materialize

from resources.data.resource import DataResource
from resources.gpu.resource import GpuResource
from resources.home import Home
from resources.learning.network import from_bytes
from resources.learning.structure.kept import PREFIX, Found, Searches
from resources.learning.structure.model import Candidate, Structure
from resources.learning.structure.outgrown import Standing, reasons
from resources.registry.resource import MlflowResource
from resources.terms import FIRST_VERSION, VersionKey
from resources.train_settings import TrainSettings
from sensors.rounds import brings_no_label
from tests.resources.data.shapes import ACTOR
from tests.trainplat_assets.rounds import SPEC, make_first, metadata_of, registry_service
from trainplat_assets.model_round import Round
from trainplat_assets.structure_assets import build_structure_assets
from trainplat_assets.structure_checks import standing
from trainplat_assets.structure_round import StructureRound

pytestmark = pytest.mark.usefixtures("mlflow_in_home")
SHORT = TrainSettings(epochs=40, incremental_epochs=5)
V1_1 = VersionKey("v1.1")


def run_search(trials: int, *, raises: bool = True) -> ExecuteInProcessResult:
    with DagsterInstance.ephemeral() as instance:
        return materialize(
            build_structure_assets(SPEC),
            instance=instance,
            resources={"data": DataResource(), "gpu": GpuResource(), "registry": MlflowResource()},
            run_config={"ops": {"shapes__structure": {"config": {"budget_gpu_h": 1.0, "trials": trials}}}},
            raise_on_error=raises,
        )


def first_round(home: Path) -> None:
    round_ = Round(SPEC, FIRST_VERSION, make_first(home), registry_service(home), ACTOR, SHORT)
    round_.train(device="cpu", threads=1, run_id="r")
    round_.evaluate()
    round_.decide()


def test_what_a_search_chose_is_planned_once_and_trained_in_full_on_from_the_champion(
    trainplat_home: Path,
) -> None:
    first_round(trainplat_home)
    data, registry = DataResource().service(), registry_service(trainplat_home)
    candidate = Candidate(Structure(24, 1), True, replace(SHORT, channels=24, depth=1))
    Searches(Home(trainplat_home)).keep(Found("shapes-v1.0-1", 1, candidate))
    search = StructureRound(SPEC, data, registry, ACTOR)
    assert search.name == "shapes-v1.0-1"
    planned = search.plan()
    assert (planned.version, planned.starts_from) == ("v1.1", f"{PREFIX}shapes-v1.0-1")
    assert search.plan() == planned
    assert not brings_no_label(planned)
    data.make(SPEC, V1_1, ACTOR)
    round_ = Round(SPEC, V1_1, data, registry, ACTOR, SHORT)
    trained = round_.train(device="cpu", threads=1, run_id="r2")
    shape = from_bytes(trained.weights.weights).shape
    assert (shape.channels, shape.grown, shape.depth) == (16, (8,), 1)
    assert (trained.start, len(trained.weights.curve)) == (registry.model(SPEC.name, 1), 5)
    measured = round_.evaluate()
    assert (measured.challenger, measured.champion) == (2, 1)
    round_.decide()
    at = standing(SPEC, V1_1, data, registry)
    assert (at.labels, len(at.accuracies)) == (SPEC.first_labelled, 2)


@pytest.mark.slow
def test_a_network_that_siblings_join_and_teach_is_trained_in_its_round(trainplat_home: Path) -> None:
    first_round(trainplat_home)
    data, registry = DataResource().service(), registry_service(trainplat_home)
    settings = replace(SHORT, channels=32)
    candidate = Candidate(Structure(32, 0), True, settings, taught=True, siblings=1)
    Searches(Home(trainplat_home)).keep(Found("shapes-v1.0-1", 1, candidate))
    StructureRound(SPEC, data, registry, ACTOR).plan()
    data.make(SPEC, V1_1, ACTOR)
    round_ = Round(SPEC, V1_1, data, registry, ACTOR, SHORT)
    trained = round_.train(device="cpu", threads=1, run_id="r2")
    assert from_bytes(trained.weights.weights).shape.parts == (16, 16)
    assert round_.evaluate().champion == 1


@pytest.mark.slow
def test_a_search_runs_under_a_lease_and_shows_its_front(trainplat_home: Path) -> None:
    first_round(trainplat_home)
    done = run_search(trials=3)
    told = metadata_of(done, "structure")
    assert told["trials"] == 3
    assert "data:image/png;base64" in str(told["front"])
    assert "spent_gpu_hours" in told
    chosen = told["planned_version"]
    assert chosen in ("v1.1", "none")
    [outcome] = Searches(Home(trainplat_home)).outcomes(SPEC.name)
    assert (outcome.chosen is None) == (chosen == "none")


def test_a_search_without_a_champion_says_what_comes_first(trainplat_home: Path) -> None:
    make_first(trainplat_home)
    failed = run_search(trials=1, raises=False)
    failure = failed.failure_data_for_node("shapes__structure")
    assert failure is not None
    assert "shapes has no champion yet to search around" in str(failure.user_failure_data)


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (Standing(0.999, 500, 19_000, [0.95, 0.96, 0.97, 0.975]), []),
        (Standing(0.95, 500, 19_000, [0.95]), ["It is right on 95.0% of the images"]),
        (Standing(0.999, 2_000, 19_000, [0.95]), ["It has 19000 weights for 2000 labels, 105 labels for"]),
        (Standing(0.999, 500, 19_000, [0.97, 0.971, 0.9705, 0.9715]), ["The champion gained 0.15% over"]),
        (Standing(0.999, 500, 19_000, [0.9945, 0.995, 0.995, 0.995]), []),
    ],
)
def test_a_search_is_proposed_where_data_or_errors_outgrow_the_model(at: Standing, why: list[str]) -> None:
    found = reasons(at)
    assert len(found) == len(why)
    assert all(begin in one for begin, one in zip(why, found, strict=True))
