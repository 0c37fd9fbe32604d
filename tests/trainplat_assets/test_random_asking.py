"""What random asking would have reached, from versions that are made and questions that were asked."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from dagster import DagsterInstance, materialize

from resources.asking import QueryPlan, Strategy, Why
from resources.data.model import ConfirmedLabel, Split
from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.service import DataService
from resources.gpu.resource import GpuResource
from resources.home import Home
from resources.labeling import store
from resources.labeling.model import Question
from resources.labeling.resource import LabelStudioResource
from resources.labeling.service import LabelingService
from resources.registry.model import RoundEvaluation
from resources.registry.resource import MlflowResource
from resources.terms import FIRST_VERSION, SampleId, VersionKey
from resources.train_settings import TrainSettings
from tests.resources.data.shapes import ACTOR, NOW, answers
from tests.resources.registry.examples import scores
from tests.trainplat_assets.rounds import SPEC as ROUNDS
from tests.trainplat_assets.rounds import make_first, registry_service
from trainplat_assets.model_round import identity_of
from trainplat_assets.random_asking import RandomAsking
from trainplat_assets.random_asking_assets import build_random_asking_assets

SPEC = replace(ROUNDS, training=TrainSettings(epochs=4))
V1 = VersionKey("v1.1")


def asking(home: Path, version: VersionKey) -> RandomAsking:
    place = Home(home)
    people = LabelingService(place, place.database())
    data = DataService(place, place.database())
    return RandomAsking(SPEC, version, data, registry_service(home), people, ACTOR)


def ids(data: DataService, version: VersionKey, split: Split) -> list[SampleId]:
    return [one.id for one in data.samples(SPEC.name, version) if one.split is split]


def measured(home: Path, data: DataService) -> None:
    """The first round was evaluated."""
    test = data.images(SPEC.name, FIRST_VERSION, Split.TEST)
    registry_service(home).record_evaluation(
        RoundEvaluation(
            SPEC.name, FIRST_VERSION, 1, None, identity_of(test), 16, SPEC.classes, scores(6, 2), None
        ),
        ACTOR,
    )


def answered(home: Path, data: DataService, random: int, strategy: int, by_hand: int = 0) -> list[SampleId]:
    """A version with the answers to so many questions. Returns the random picks."""
    pool = ids(data, FIRST_VERSION, Split.POOL)
    whys = [Why.RANDOM] * random + [Why.STRATEGY] * strategy
    asked = [
        Question(sample, SPEC.classes[0], 0.5, Path("x.png"), why)
        for sample, why in zip(pool, whys, strict=False)
    ]
    with Home(home).database().write() as connection:
        store.put_questions(connection, SPEC.name, FIRST_VERSION, asked, "shapes-1", NOW)
    planned = data.plan_next(SPEC, labels(data, random + strategy + by_hand), ACTOR)
    assert planned.version == V1
    data.make(SPEC, V1, ACTOR)
    return [one.sample for one in asked if one.why is Why.RANDOM]


def labels(data: DataService, count: int) -> list[ConfirmedLabel]:
    return answers(data, FIRST_VERSION, count)


@pytest.fixture
def data(trainplat_home: Path) -> DataService:
    made = make_first(trainplat_home)
    measured(trainplat_home, made)
    return made


def test_both_begin_with_the_first_labels_and_nothing_is_trained_on_them_again(
    trainplat_home: Path, data: DataService
) -> None:
    first = asking(trainplat_home, FIRST_VERSION)
    first.begin()
    first.begin()
    assert set(first.order()) == set(ids(data, FIRST_VERSION, Split.TRAIN))
    assert not first.is_due(len(first.order()))
    [known] = registry_service(trainplat_home).against_random(SPEC.name).random
    assert (known.version, known.labels, known.value, known.right) == (FIRST_VERSION, 12, 0.75, 12)


def test_a_model_learns_from_the_first_labels_and_the_random_picks_alone(
    trainplat_home: Path, data: DataService
) -> None:
    random = answered(trainplat_home, data, random=4, strategy=6, by_hand=2)
    second = asking(trainplat_home, V1)
    second.begin()
    order = second.order()
    assert set(order) == {*ids(data, FIRST_VERSION, Split.TRAIN), *random}
    assert second.is_due(len(order))

    reached = second.reach(order, device="cpu", threads=1)

    assert (reached.version, reached.labels, reached.test_count) == (V1, 16, 16)
    assert reached.right == round(16 * reached.value)
    again = asking(trainplat_home, V1)
    assert not again.is_due(len(again.order()))
    assert again.reach(order, device="cpu", threads=1) == reached
    assert [more for more in range(15, 20) if again.is_due(more)] == [18, 19]
    kept = registry_service(trainplat_home).against_random(SPEC.name).random
    assert [one.labels for one in kept] == [12, 16]


def test_where_all_of_the_pool_is_labelled_random_asking_has_all_of_it(
    trainplat_home: Path, data: DataService
) -> None:
    pool = ids(data, FIRST_VERSION, Split.POOL)
    answered(trainplat_home, data, random=3, strategy=len(pool) - 5, by_hand=2)
    second = asking(trainplat_home, V1)
    assert set(second.order()) == set(ids(data, V1, Split.TRAIN))
    assert len(second.order()) == 12 + len(pool)


def test_an_answer_that_comes_late_leaves_how_many_waited_when_others_were_asked(
    trainplat_home: Path, data: DataService
) -> None:
    pool = ids(data, FIRST_VERSION, Split.POOL)
    everyone = labels(data, 14)

    def put(version: VersionKey, samples: list[SampleId], hours: int) -> None:
        asked = [Question(one, SPEC.classes[0], 0.5, Path("x.png"), Why.RANDOM) for one in samples]
        with Home(trainplat_home).database().write() as connection:
            store.put_questions(
                connection, SPEC.name, version, asked, "shapes-1", NOW + timedelta(hours=hours)
            )

    put(FIRST_VERSION, pool[:10], 0)
    data.plan_next(SPEC, everyone[:5], ACTOR)
    data.make(SPEC, V1, ACTOR)
    put(V1, pool[10:14], 1)
    waited = len(pool) - 10
    seen = [one.waiting for one in asking(trainplat_home, V1).batches() if not one.others]
    assert waited in seen

    later = data.plan_next(SPEC, everyone[5:], ACTOR).version
    data.make(SPEC, later, ACTOR)

    batches = [one for one in asking(trainplat_home, later).batches() if one.random]
    assert [(len(one.random), one.waiting) for one in batches] == [(10, len(pool)), (4, waited)]


def test_the_step_trains_once_there_are_enough_more(trainplat_home: Path, data: DataService) -> None:
    answered(trainplat_home, data, random=4, strategy=2)
    [step] = build_random_asking_assets(SPEC)
    trained = []
    with DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(versions_partitions(SPEC.name).name), [V1])
        for _ in range(2):
            result = materialize(
                [step],
                partition_key=V1,
                instance=instance,
                resources={
                    "data": DataResource(),
                    "gpu": GpuResource(),
                    "labeling": LabelStudioResource(),
                    "registry": MlflowResource(),
                },
            )
            [event] = result.get_asset_materialization_events()
            told = {name: one.value for name, one in event.materialization.metadata.items()}
            assert told["labels"] == 16
            trained.append(told["trained"])
    assert trained == [True, False]


@pytest.mark.parametrize(
    "plan", [QueryPlan(Strategy.RANDOM), QueryPlan(random_share=0), QueryPlan(against_random=False)]
)
def test_there_is_no_step_where_nothing_can_be_held_against_random(plan: QueryPlan) -> None:
    assert build_random_asking_assets(replace(SPEC, query=plan)) == []
