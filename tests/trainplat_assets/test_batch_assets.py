from pathlib import Path

import pytest

from resources.errors import NotFound
from resources.home import Home
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import parse_reference
from resources.terms import FIRST_VERSION
from tests.resources.data.shapes import ACTOR
from tests.trainplat_assets.rounds import (
    IMAGES,
    SPEC,
    data_service,
    make_first,
    metadata_of,
    registry_service,
    run_batch,
    run_round,
)
from trainplat_assets.batch_round import BatchRound

pytestmark = pytest.mark.usefixtures("mlflow_in_home")


@pytest.mark.slow
def test_the_live_model_answers_every_sample_of_a_version_once(trainplat_home: Path) -> None:
    make_first(trainplat_home)
    round_ = BatchRound(SPEC, FIRST_VERSION, data_service(trainplat_home), registry_service(trainplat_home))
    with pytest.raises(NotFound, match="no model that is live, and no champion"):
        round_.model()
    run_round(FIRST_VERSION)
    first = metadata_of(run_batch(FIRST_VERSION), "batch_predictions")
    assert (first["samples"], first["model"], first["asked_now"]) == (IMAGES, "models:/shapes/1", True)
    assert 0 < float(str(first["mean_confidence"])) <= 1
    assert 0 <= float(str(first["agrees_with_people"])) <= 1
    batch = round_.known(round_.model())
    assert batch is not None
    assert {one.split for one in batch.answers} == {"train", "pool", "test"}
    assert sum(one.known is None for one in batch.answers) == IMAGES - 12 - SPEC.test_count
    written = batch.path.read_bytes()
    again = metadata_of(run_batch(FIRST_VERSION), "batch_predictions")
    assert again["asked_now"] is False
    assert batch.path.read_bytes() == written
    by = {"predicted_by": "this process", "predicted_how": "no model server runs on this home"}
    assert {**again, "asked_now": True, **by} == first

    deployments = DeploymentService(Home(trainplat_home), Home(trainplat_home).database())
    deployments.stop(SPEC.name, ACTOR)
    assert round_.model().number == 1, "the champion answers where nothing is live"
    assert deployments.promote(parse_reference("shapes:1"), ACTOR).live is not None
