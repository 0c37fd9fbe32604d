"""Texts of classes go on by replay through versions, results and MLflow's store, and are measured by task."""

from dataclasses import replace
from pathlib import Path

import pytest

from resources.continual import ContinualSettings
from resources.data.library import DataSet
from resources.data.model import ConfirmedLabel, Split
from resources.data.results.files import MEMORY
from resources.data.spec import DatasetSpec
from resources.home import Home
from resources.kinds import Kind
from resources.learning.continual.buffer import buffer_of
from resources.marks import canonical
from resources.pipelines.declared import datasets
from resources.pipelines.folder import Folder
from resources.terms import FIRST_VERSION, VersionKey
from resources.train_settings import TrainSettings
from tests.resources.data.shapes import ACTOR
from tests.trainplat_assets.rounds import data_service, registry_service
from trainplat_assets.examples import EXAMPLES
from trainplat_assets.forgetting import matrix_up_to
from trainplat_assets.model_round import Round
from trainplat_assets.training_work import TrainedModel

SPECS = {
    one.kind: replace(one, continual=ContinualSettings(buffer_size=12), seed=0)
    for one in datasets(Folder(EXAMPLES))
}
pytestmark = pytest.mark.slow
QUICK = TrainSettings(epochs=20, incremental_epochs=10)


def decided(spec: DatasetSpec, home: Path, version: VersionKey) -> TrainedModel:
    round_ = Round(spec, version, data_service(home), registry_service(home), ACTOR, QUICK)
    done = round_.train(device="cpu", threads=1, run_id="r")
    round_.evaluate()
    round_.decide()
    return done


@pytest.mark.parametrize("kind", [Kind.TEXT_CLASSES, Kind.ENTITIES])
def test_a_later_version_of_texts_learns_what_is_new_keeps_a_buffer_and_fills_the_matrix(
    trainplat_home: Path, kind: Kind
) -> None:
    spec = SPECS[kind]
    data = data_service(trainplat_home)
    assert spec.fill_source is not None
    spec.fill_source(data.source_folder(spec.name))
    data.plan_first(spec, ACTOR)
    data.make(spec, FIRST_VERSION, ACTOR)
    first = decided(spec, trainplat_home, FIRST_VERSION)
    truth = data.true_labels(spec.name)
    pool = [one.id for one in data.samples(spec.name, FIRST_VERSION) if one.split is Split.POOL][:20]
    new = [ConfirmedLabel(one, canonical(kind, truth[one]), f"answer-{one[:8]}") for one in pool]
    version = data.plan_next(spec, new, ACTOR).version
    data.make(spec, version, ACTOR)

    second = decided(spec, trainplat_home, version)

    assert first.lesson.takes_all
    assert (second.labelled, len(second.lesson.trained_with)) == (spec.first_labelled + 20, 20)
    assert second.lesson.memory == first.weights.memory
    kept = DataSet(second.result.results, Home(trainplat_home)).read(MEMORY, second.result.key)
    buffer = buffer_of(kept)
    assert buffer is not None
    assert buffer.kept is not None
    assert (len(buffer), set(buffer.kept.tasks.tolist())) == (12, {0, 1})
    matrix = matrix_up_to(spec, version, data, registry_service(trainplat_home))
    assert matrix is not None
    assert [row.version for row in matrix.rows] == [FIRST_VERSION, version]
    assert matrix.rows[0].on(0) is not None
