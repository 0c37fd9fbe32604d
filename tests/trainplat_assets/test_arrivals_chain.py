"""New samples go all the way to people without a training, and the next training goes on from there."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance

from resources.data.arrivals.service import ArrivalService
from resources.data.model import ConfirmedLabel, VersionState
from resources.data.service import DataService
from resources.home import Home
from resources.labeling.predictions import PredictionFiles
from resources.labeling.service import LabelingService
from resources.terms import FIRST_VERSION, VersionKey
from tests.resources.data.shapes import ACTOR, image
from tests.servers.label_studio import LabelStudioServer
from tests.trainplat_assets.arrivals_chain import Chain
from tests.trainplat_assets.rounds import SPEC, make_first, registry_service, run_round

pytestmark = [
    pytest.mark.usefixtures("mlflow_in_home"),
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.timeout(1000),  # the first one may make the tables of Label Studio
]

V1_1, V1_2 = VersionKey("v1.1"), VersionKey("v1.2")


@pytest.fixture
def chain() -> Iterator[Chain]:
    with DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("shapes_versions", [FIRST_VERSION])
        yield Chain(SPEC, instance)


@pytest.fixture
def data(trainplat_home: Path) -> DataService:
    """A first version with a champion, and four new samples in the inbox."""
    made = make_first(trainplat_home)
    run_round(FIRST_VERSION)
    inbox = ArrivalService(Home(trainplat_home), made.database).inbox(SPEC.name)
    inbox.mkdir(parents=True, exist_ok=True)
    for number in range(200, 204):
        (inbox / f"{number}.png").write_bytes(image(number))
        os.utime(inbox / f"{number}.png", (time.time() - 60,) * 2)
    return made


def bring_in(chain: Chain, data: DataService) -> None:
    """Let the sensors make the version that takes the new samples up."""
    assert "v1.1 is planned: it takes up 4 new samples." in chain.tick("arrivals")
    chain.tick("annotations")
    assert "dataset" in chain.ran
    assert "model" not in chain.ran
    assert data.version(SPEC.name, V1_1).state is VersionState.SEALED
    assert chain.tick("annotations") == "v1.1 brought new samples and no label: the champion stays."


def test_new_samples_are_predicted_by_the_live_model_and_the_next_training_goes_on_from_there(
    chain: Chain, data: DataService, trainplat_home: Path
) -> None:
    bring_in(chain, data)
    chain.run("shapes_ask", V1_1, [AssetKey(["shapes", one]) for one in ("pool_predictions", "query")], {})
    files = PredictionFiles(Home(trainplat_home))
    said, query = files.read_predictions(SPEC.name, V1_1), files.read_query(SPEC.name, V1_1)
    known = {one.id for one in data.samples(SPEC.name, FIRST_VERSION)}
    assert said.model == query.model == "shapes-1"
    assert set(said.ids) - known, "new samples are in the pool, and predicted"
    assert len(query.picks) == SPEC.labels_per_round

    truth = data.true_labels(SPEC.name)  # of the first samples: nobody knows what the new ones are
    pool = [one for one in said.ids if one in truth][:6]
    labels = [ConfirmedLabel(one, truth[one], f"answer-{one[:8]}") for one in pool]
    assert data.plan_next(SPEC, labels, ACTOR).version == V1_2
    data.make(SPEC, V1_2, ACTOR)
    run_round(V1_2)
    first, carried, newest = registry_service(trainplat_home).decisions(SPEC.name)
    assert (first.carried, carried.carried, newest.carried) == (False, True, False)
    assert newest.labels == first.labels + 6


def test_the_sensors_ask_about_new_samples_and_train_on_the_answers(
    label_studio: LabelStudioServer, chain: Chain, data: DataService, trainplat_home: Path
) -> None:
    people = LabelingService(Home(trainplat_home), data.database)
    bring_in(chain, data)
    chain.tick("questions")
    assert {"label_tasks", "pool_predictions", "query"} <= set(chain.ran)
    asked = people.questions_open(SPEC.name)
    assert {one.version for one in asked} == {V1_1}
    assert len(asked) == SPEC.labels_per_round
    truth = data.true_labels(SPEC.name)
    for question in asked:
        assert question.task is not None
        people.client.annotate(question.task, [truth.get(question.sample, question.guess)])
    chain.tick("annotations")
    assert chain.ran.count("model") == 1
    newest = registry_service(trainplat_home).decisions(SPEC.name)[-1]
    assert (newest.version, newest.carried) == (V1_2, False)
