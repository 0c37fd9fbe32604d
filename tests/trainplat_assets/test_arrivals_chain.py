"""New samples go all the way to people without a training, and the next training goes on from there."""

import os
import time
from pathlib import Path

import pytest
from dagster import DagsterInstance, Definitions, SensorResult, build_sensor_context

from resources.data.arrivals.service import ArrivalService
from resources.data.model import VersionState
from resources.data.resource import DataResource
from resources.gpu.resource import GpuResource
from resources.home import Home
from resources.labeling.predictions import PredictionFiles
from resources.labeling.resource import LabelStudioResource
from resources.labeling.service import LabelingService
from resources.registry.resource import MlflowResource
from resources.terms import FIRST_VERSION, VersionKey
from tests.resources.data.shapes import image
from tests.servers.label_studio import LabelStudioServer
from tests.trainplat_assets.rounds import SPEC, make_first, registry_service, run_round
from trainplat_assets.dataset_loop import build_dataset_definitions

pytestmark = [pytest.mark.usefixtures("mlflow_in_home"), pytest.mark.real, pytest.mark.slow]

V1_1, V1_2 = VersionKey("v1.1"), VersionKey("v1.2")
RESOURCES = {
    "data": DataResource(),
    "gpu": GpuResource(),
    "labeling": LabelStudioResource(),
    "registry": MlflowResource(),
}
DEFS = Definitions.merge(build_dataset_definitions(SPEC), Definitions(resources=RESOURCES))


class Chain:
    """The sensors and jobs of the data set, over an instance that runs what they request."""

    def __init__(self, instance: DagsterInstance) -> None:
        self.instance = instance
        self.cursors: dict[str, str | None] = {}
        self.ran: list[str] = []

    def tick(self, sensor: str) -> str:
        """One tick: what it requests is run at once. Returns why it requested nothing."""
        repository = DEFS.get_repository_def()
        context = build_sensor_context(
            instance=self.instance, cursor=self.cursors.get(sensor), repository_def=repository
        )
        told = repository.get_sensor_def(f"shapes_{sensor}")(context)
        if not isinstance(told, SensorResult):
            return str(getattr(told, "skip_message", ""))
        self.cursors[sensor] = told.cursor
        for added in told.dynamic_partitions_requests or ():
            self.instance.add_dynamic_partitions(added.partitions_def_name, list(added.partition_keys))
        for request in told.run_requests or ():
            job = "shapes_ask" if sensor == "questions" else "shapes_round"
            done = DEFS.resolve_job_def(job).execute_in_process(
                partition_key=request.partition_key,
                asset_selection=request.asset_selection,
                instance=self.instance,
                tags=dict(request.tags),
                resources=RESOURCES,
            )
            made = done.get_asset_materialization_events()
            self.ran += sorted(one.asset_key.path[-1] for one in made if one.asset_key is not None)
        return str(told.skip_reason.skip_message if told.skip_reason else "")


def test_what_comes_by_itself_is_predicted_by_the_live_model_and_asked_without_a_training(
    label_studio: LabelStudioServer, trainplat_home: Path
) -> None:
    data = make_first(trainplat_home)
    run_round(FIRST_VERSION)
    inbox = ArrivalService(Home(trainplat_home), data.database).inbox(SPEC.name)
    inbox.mkdir(parents=True, exist_ok=True)
    for number in range(200, 204):
        (inbox / f"{number}.png").write_bytes(image(number))
        os.utime(inbox / f"{number}.png", (time.time() - 60,) * 2)
    people, registry = LabelingService(Home(trainplat_home), data.database), registry_service(trainplat_home)
    with DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("shapes_versions", [FIRST_VERSION])
        chain = Chain(instance)

        assert "v1.1 is planned: it takes up 4 new samples." in chain.tick("arrivals")
        chain.tick("annotations")
        assert "model" not in chain.ran
        assert data.version(SPEC.name, V1_1).state is VersionState.SEALED
        assert chain.tick("annotations") == "v1.1 brought new samples and no label: the champion stays."
        chain.tick("questions")
        assert chain.ran[-3:] == ["label_tasks", "pool_predictions", "query"]

        said = PredictionFiles(Home(trainplat_home)).read_predictions(SPEC.name, V1_1)
        known = {one.id for one in data.samples(SPEC.name, FIRST_VERSION)}
        assert said.model == "shapes-1"
        assert len(set(said.ids) - known) > 0, "some of them are in the pool, and predicted"
        asked = people.questions_open(SPEC.name)
        assert {one.version for one in asked} == {V1_1}
        assert len(asked) == SPEC.labels_per_round

        truth = {**data.true_labels(SPEC.name)}
        for question in asked:
            assert question.task is not None
            people.client.annotate(question.task, [truth.get(question.sample, question.guess)])
        chain.tick("annotations")
        assert chain.ran.count("model") == 1
    first, carried, newest = registry.decisions(SPEC.name)
    assert (first.carried, carried.carried, newest.carried) == (False, True, False)
    assert (newest.version, newest.labels) == (V1_2, first.labels + SPEC.labels_per_round)
