"""Labels that people give wrongly, in a real Label Studio: most are among those that go back for review."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dagster import (
    AssetsDefinition,
    DagsterInstance,
    Definitions,
    SensorResult,
    build_sensor_context,
    materialize,
)

from resources.asking import QueryPlan
from resources.data.resource import DataResource
from resources.gpu.resource import GpuResource
from resources.labeling.resource import LabelStudioResource
from resources.labeling.reviews.model import Review, ReviewState
from resources.registry.resource import MlflowResource
from resources.terms import Label, SampleId, VersionKey
from tests.end_to_end.kind_loop import KindLoop, kind_loop
from tests.servers.label_studio import LabelStudioServer
from trainplat_assets.data_assets import build_data_assets
from trainplat_assets.dataset_loop import build_dataset_definitions
from trainplat_assets.datasets import DIGITS
from trainplat_assets.label_review_assets import build_review_asset

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.usefixtures("mlflow_in_home"),
]

SPEC = replace(
    DIGITS, first_labelled=150, labels_per_round=300, query=QueryPlan(random_share=0.5, against_random=False)
)
FLIPPED = 15
"""Of the answers to one batch: 5 %."""
SEED = 5
"""Which ones, always the same: of so few a draw may hold some that nobody would doubt."""
V1 = VersionKey("v1.1")
RESOURCES = {
    "data": DataResource(),
    "gpu": GpuResource(),
    "labeling": LabelStudioResource(),
    "registry": MlflowResource(),
}


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as made:
        made.add_dynamic_partitions(f"{SPEC.name}_versions", ["v1.0"])
        yield made


def test_most_flipped_labels_are_among_those_that_go_back(
    instance: DagsterInstance, label_studio: LabelStudioServer, trainplat_home: Path
) -> None:
    loop = kind_loop(SPEC, trainplat_home)
    loop.first()
    flipped, truth = answered(loop), loop.truth()

    for _ in range(2):  # the champion doubts new labels before a version takes them up; then they have tasks
        assert not tick(instance).run_requests
    doubted = in_review(loop)
    assert_people_are_asked_again(loop, doubted)
    assert not {one.doubted.sample for one in doubted} & {
        one.sample for one in loop.people.confirmed(SPEC.name)
    }
    for question in loop.open_questions():
        loop.answer(question, truth[question.sample])
    (request,) = tick(instance).run_requests or ()
    assert request.partition_key == V1
    made(instance, build_data_assets(SPEC), V1)
    made(instance, [build_review_asset(SPEC)], V1)  # and others that learnt from the rest doubt all of them

    again = in_review(loop)
    assert_people_are_asked_again(loop, again)
    returned = {one.doubted.sample for one in [*doubted, *again]}
    assert len(flipped & returned) >= 0.8 * FLIPPED, (len(doubted), len(again), len(flipped & returned))
    assert len(returned) <= SPEC.review.share * SPEC.labels_per_round
    corrected = {one.sample: one.label for one in loop.people.confirmed(SPEC.name)}
    assert all(corrected[one.doubted.sample] == truth[one.doubted.sample] for one in doubted)
    assert not {one.doubted.sample for one in again} & set(corrected)


def answered(loop: KindLoop) -> set[SampleId]:
    """All questions are answered, some of them with another class. Returns these samples."""
    chance, truth, questions = np.random.default_rng(SEED), loop.truth(), loop.open_questions()
    assert len(questions) == SPEC.labels_per_round
    wrong = {questions[place].sample for place in chance.permutation(len(questions))[:FLIPPED]}
    for question in questions:
        answer = truth[question.sample]
        if question.sample in wrong:
            answer = Label(str(chance.choice([label for label in SPEC.classes if label != answer])))
        loop.answer(question, answer)
    return wrong


def tick(instance: DagsterInstance) -> SensorResult:
    """One evaluation of the sensor that hears answers."""
    defs = Definitions.merge(build_dataset_definitions(SPEC), Definitions(resources=RESOURCES))
    repository = defs.get_repository_def()
    with build_sensor_context(
        instance=instance,
        repository_def=repository,
        resources={name: RESOURCES[name] for name in ("data", "labeling", "registry")},
    ) as context:
        told = repository.get_sensor_def(f"{SPEC.name}_annotations")(context)
    assert isinstance(told, SensorResult)
    for added in told.dynamic_partitions_requests or ():
        instance.add_dynamic_partitions(added.partitions_def_name, list(added.partition_keys))
    return told


def made(instance: DagsterInstance, assets: Sequence[AssetsDefinition], version: VersionKey) -> None:
    """These assets of a version are materialized."""
    done = materialize(
        assets,
        partition_key=version,
        instance=instance,
        resources={name: one for name, one in RESOURCES.items() if name != "registry"},
    )
    assert done.success


def in_review(loop: KindLoop) -> list[Review]:
    return loop.people.reviews.of(SPEC.name, [ReviewState.RETURNED])


def assert_people_are_asked_again(loop: KindLoop, reviews: Sequence[Review]) -> None:
    """Each has an open task in Label Studio, which says what a model takes it for."""
    connection = loop.people.client.connection
    tasks = {one.sample: one.task for one in loop.open_questions()}
    for review in reviews:
        task = connection.get(f"/api/tasks/{tasks[review.doubted.sample]}/").json()
        assert task["annotations"] == []
        assert f"the model takes it for {review.doubted.other}" in task["data"]["note"]
