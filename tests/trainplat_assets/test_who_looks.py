"""The loop predicts through a real model server, and says the same where it goes or never was."""

import os
import signal
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dagster import DagsterInstance, materialize

from resources.asking import QueryPlan, Strategy
from resources.data.model import Split
from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.spec import DatasetSpec
from resources.gpu.resource import GpuResource
from resources.home import Home
from resources.kinds import Kind
from resources.labeling.predictions import PoolPredictions, PredictionFiles
from resources.labeling.resource import LabelStudioResource
from resources.learning.kinds.learner import learner_of
from resources.learning.kinds.model import Seen
from resources.learning.model import LOOKING, LookSettings
from resources.registry.resource import MlflowResource
from resources.registry.service import RegistryService
from resources.serving.client import ModelClient
from resources.serving.deployments.model import Served
from resources.serving.running import begin
from resources.terms import FIRST_VERSION, DatasetName, Label
from tests.resources.learning.kinds.examples import OTHERS
from tests.resources.serving.homes import saying, served
from tests.resources.serving.replicas.test_outlook import model_of
from tests.resources.serving.server.test_serving import promote, server
from tests.trainplat_assets.rounds import SPEC, make_first, metadata_of, run_batch, run_round
from trainplat_assets.labeling_assets import build_labeling_assets
from trainplat_assets.who_looks import HERE, SERVER, Look, looked

pytestmark = pytest.mark.slow


def predict(home: Path, spec: DatasetSpec) -> tuple[PoolPredictions, dict[str, object]]:
    """The asset, run, and what it wrote."""
    with DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(versions_partitions(SPEC.name).name), [FIRST_VERSION])
        result = materialize(
            build_labeling_assets(spec),
            selection=[f"{spec.name}/pool_predictions"],
            partition_key=FIRST_VERSION,
            instance=instance,
            resources={
                "data": DataResource(),
                "gpu": GpuResource(),
                "labeling": LabelStudioResource(),
                "registry": MlflowResource(),
            },
        )
    found = PredictionFiles(Home(home)).read_predictions(spec.name, FIRST_VERSION)
    return found, metadata_of(result, "pool_predictions")


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("mlflow_in_home")
def test_pool_and_batch_are_predicted_alike_with_a_server_and_without(trainplat_home: Path) -> None:
    make_first(trainplat_home)
    run_round(FIRST_VERSION)
    specs = [replace(SPEC, query=QueryPlan(one)) for one in (Strategy.MARGIN_COVER, Strategy.BALD)]
    alone = [predict(trainplat_home, spec) for spec in specs]
    with server(trainplat_home) as record:
        asked = [predict(trainplat_home, spec) for spec in specs]
        batch = metadata_of(run_batch(FIRST_VERSION), "batch_predictions")
        with ModelClient(home=Home(trainplat_home)) as client:
            assert not [one for one in client.status()["models"] if "outlook" in one["reference"]]

    for (here, told_here), (there, told_there) in zip(alone, asked, strict=True):
        assert told_here["predicted_by"] == HERE
        assert told_here["predicted_how"] == "no model server runs on this home"
        assert told_there["predicted_by"] == SERVER
        assert told_there["predicted_how"] == f"shapes:1+outlook at {record.address}"
        assert (here.ids, here.classes, here.model) == (there.ids, there.classes, there.model)
        for part in ("probabilities", "embeddings", "labelled_embeddings", "labelled_counts", "members"):
            ours, theirs = getattr(here, part), getattr(there, part)
            assert (ours is None) == (theirs is None)
            assert ours is None or np.allclose(ours, theirs, atol=1e-5)
    assert batch["predicted_by"] == SERVER
    assert batch["model"] == "models:/shapes/1"


@pytest.mark.timeout(300)
def test_every_kind_is_answered_alike_and_by_the_version_that_was_asked_for(trainplat_home: Path) -> None:
    home = Home(trainplat_home)
    registry = RegistryService(home, home.database())
    models = {
        DatasetName(f"of_{kind.name.lower()}"): model_of(kind) for kind in (Kind.IMAGE_CLASSES, *OTHERS)
    }
    services = {
        name: served(trainplat_home, {1: content, 2: saying(3)}, name)
        for name, (_, content, *_) in models.items()
    }
    how = LookSettings(members=2, seed=5)
    with server(trainplat_home):
        for name, (kind, content, samples, classes) in models.items():
            many, more = np.concatenate([samples] * 70), (*classes, Label("a new class"))
            service = services[name]
            promote(service, 1, name=name)

            def work(look: Look) -> list[Seen]:
                first = look(many, more, how)  # noqa: B023 - it is called at once
                promote(service, 2, name=name)  # noqa: B023
                return [first, look(many, more, how)]  # noqa: B023

            done = looked(home, registry, registry.models(name)[0], kind, work)
            assert done.by == SERVER, done.why
            here = learner_of(kind).look(content, many, more, how)
            assert all(same(one, here) for one in done.result)
            assert service.state(name).wanted == Served(2)


def same(one: Seen, other: Seen) -> bool:
    """Whether two looks say the same, as closely as batches of other sizes do."""
    assert one.columns == other.columns
    assert one.guesses == other.guesses
    for part in ("probabilities", "embeddings", "members"):
        mine, its = getattr(one.outlook, part), getattr(other.outlook, part)
        assert (mine is None) == (its is None)
        assert mine is None or np.allclose(mine, its, atol=1e-5)
    assert np.allclose(one.sureness, other.sureness, atol=1e-5)
    assert [[answer for answer, _ in marks] for marks in one.marks] == [
        [answer for answer, _ in marks] for marks in other.marks
    ]
    return True


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("mlflow_in_home")
def test_a_server_that_is_killed_midway_is_replaced_by_this_process_for_all_samples(
    trainplat_home: Path,
) -> None:
    data = make_first(trainplat_home)
    run_round(FIRST_VERSION)
    home = Home(trainplat_home)
    registry = RegistryService(home, home.database())
    model = registry.champion(SPEC.name)
    assert model is not None
    pool = data.images(SPEC.name, FIRST_VERSION, Split.POOL).images
    record, lookers = begin(home, leave_after_s=60), []

    def work(look: Look) -> list[Seen]:
        lookers.append(look)
        first = look(pool, SPEC.classes, LOOKING)
        with suppress(ProcessLookupError):
            os.kill(record.process.pid, signal.SIGKILL)
        while record.process.is_alive():
            time.sleep(0.02)
        return [first, look(pool, SPEC.classes, LOOKING)]

    done = looked(home, registry, model, SPEC.kind, work, patience_s=0.5)

    assert len(lookers) == 2
    assert done.by == HERE
    assert "no model server runs on this home" in done.why or "does not answer" in done.why
    here = learner_of(SPEC.kind).look(registry.weights(model), pool, SPEC.classes, LOOKING)
    assert all(same(one, here) for one in done.result)
