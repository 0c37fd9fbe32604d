"""Texts of classes go on by replay through versions, results and MLflow's store, and are measured by task."""

from dataclasses import replace
from pathlib import Path

import pytest

from resources.continual import ContinualSettings
from resources.data.library import DataSet
from resources.data.model import ConfirmedLabel, Split
from resources.data.results.files import MEMORY
from resources.home import Home
from resources.kinds import Kind
from resources.learning.continual.buffer import buffer_of
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

(NOTES,) = (one for one in datasets(Folder(EXAMPLES)) if one.kind is Kind.TEXT_CLASSES)
SPEC = replace(NOTES, continual=ContinualSettings(buffer_size=12))
pytestmark = pytest.mark.slow
QUICK = TrainSettings(epochs=20, incremental_epochs=10)


def decided(home: Path, version: VersionKey) -> TrainedModel:
    round_ = Round(SPEC, version, data_service(home), registry_service(home), ACTOR, QUICK)
    done = round_.train(device="cpu", threads=1, run_id="r")
    round_.evaluate()
    round_.decide()
    return done


def test_a_later_version_of_texts_learns_what_is_new_keeps_a_buffer_and_fills_the_matrix(
    trainplat_home: Path,
) -> None:
    data = data_service(trainplat_home)
    assert SPEC.fill_source is not None
    SPEC.fill_source(data.source_folder(SPEC.name))
    data.plan_first(SPEC, ACTOR)
    data.make(SPEC, FIRST_VERSION, ACTOR)
    first = decided(trainplat_home, FIRST_VERSION)
    truth = data.true_labels(SPEC.name)
    pool = [one.id for one in data.samples(SPEC.name, FIRST_VERSION) if one.split is Split.POOL][:20]
    new = [ConfirmedLabel(one, truth[one], f"answer-{one[:8]}") for one in pool]
    version = data.plan_next(SPEC, new, ACTOR).version
    data.make(SPEC, version, ACTOR)

    second = decided(trainplat_home, version)

    assert first.lesson.takes_all
    assert (second.labelled, len(second.lesson.trained_with)) == (50, 20)
    assert second.lesson.memory == first.weights.memory
    kept = DataSet(second.result.results, Home(trainplat_home)).read(MEMORY, second.result.key)
    buffer = buffer_of(kept)
    assert buffer is not None
    assert buffer.kept is not None
    assert (len(buffer), set(buffer.kept.tasks.tolist())) == (12, {0, 1})
    matrix = matrix_up_to(SPEC, version, data, registry_service(trainplat_home))
    assert matrix is not None
    assert [row.version for row in matrix.rows] == [FIRST_VERSION, version]
    assert matrix.rows[0].on(0) is not None
