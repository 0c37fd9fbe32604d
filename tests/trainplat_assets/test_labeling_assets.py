"""From a champion to questions in Label Studio, with every real part."""

from dataclasses import replace
from pathlib import Path

import pytest
from dagster import (
    DagsterInstance,
    ExecuteInProcessResult,
    materialize,
)

from resources.asking import QueryPlan, Why
from resources.data.model import ConfirmedLabel, Split
from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.spec import DatasetSpec
from resources.errors import NotFound
from resources.gpu.resource import GpuResource
from resources.home import Home
from resources.labeling.predictions import PredictionFiles
from resources.labeling.resource import LabelStudioResource
from resources.labeling.service import LabelingService
from resources.learning.querying.covering import SHORTLIST
from resources.registry.resource import MlflowResource
from resources.terms import FIRST_VERSION, Actor, VersionKey
from tests.servers.label_studio import LabelStudioServer
from tests.trainplat_assets.rounds import SPEC, make_first, metadata_of, run_round
from trainplat_assets.labeling_assets import build_labeling_assets
from trainplat_assets.labeling_checks import build_labeling_checks

pytestmark = pytest.mark.usefixtures("mlflow_in_home")

V1 = VersionKey("v1.1")


def ask(
    version: VersionKey, *, spec: DatasetSpec = SPEC, raise_on_error: bool = True
) -> ExecuteInProcessResult:
    """Materialize the labeling assets of one version, with their checks."""
    with DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(versions_partitions(SPEC.name).name), [version])
        return materialize(
            [*build_labeling_assets(spec), *build_labeling_checks(spec)],
            partition_key=version,
            instance=instance,
            resources={
                "data": DataResource(),
                "gpu": GpuResource(),
                "labeling": LabelStudioResource(),
                "registry": MlflowResource(),
            },
            raise_on_error=raise_on_error,
        )


def people(home: Path) -> LabelingService:
    return LabelingService(Home(home), Home(home).database())


@pytest.mark.real
def test_a_champion_asks_about_what_it_is_least_sure_of(
    label_studio: LabelStudioServer, trainplat_home: Path
) -> None:
    data = make_first(trainplat_home)
    run_round(FIRST_VERSION)

    result = ask(FIRST_VERSION)

    predicted, chosen, sent = (
        metadata_of(result, name) for name in ("pool_predictions", "query", "label_tasks")
    )
    pool = {one.id for one in data.samples(SPEC.name, FIRST_VERSION) if one.split is Split.POOL}
    questions = people(trainplat_home).questions_open(SPEC.name)
    files = PredictionFiles(Home(trainplat_home))
    said = files.read_predictions(SPEC.name, FIRST_VERSION)
    margins = {
        sample: abs(float(row[0] - row[1])) for sample, row in zip(said.ids, said.probabilities, strict=True)
    }
    asked = {question.sample for question in questions}
    assert predicted["pool"] == len(pool) == len(said.ids)
    assert predicted["model"] == said.model == "shapes-1"
    assert str(predicted["confidence"]).startswith("![how sure the champion is of the pool](data:image")
    assert (chosen["questions"], chosen["strategy"]) == (SPEC.labels_per_round, "margin_cover")
    assert str(chosen["asked"]).startswith("![what people are asked, with the guesses](data:image")
    assert asked <= pool
    shortlist = sorted(margins, key=margins.__getitem__)[: SHORTLIST * SPEC.labels_per_round]
    picked = {question.sample for question in questions if question.why is Why.STRATEGY}
    assert picked <= set(shortlist)
    assert said.embeddings is not None
    assert said.labelled_embeddings is not None
    assert all(question.model_version == "shapes-1" and question.task for question in questions)
    assert sent["label_studio"] == people(trainplat_home).project_address(SPEC.name)
    assert (sent["questions"], sent["tasks_made"], sent["open_questions"]) == (3, 3, 3)
    assert [check.passed for check in result.get_asset_check_evaluations()] == [True, True, True]

    again = ask(FIRST_VERSION)
    assert metadata_of(again, "label_tasks")["tasks_made"] == 0
    assert {question.sample for question in people(trainplat_home).questions(SPEC.name)} == asked


@pytest.mark.real
def test_why_a_sample_is_asked_about_goes_with_it_to_label_studio_and_random_answers_tell_the_quality(
    label_studio: LabelStudioServer, trainplat_home: Path
) -> None:
    spec = replace(SPEC, labels_per_round=6, query=QueryPlan(random_share=0.5))
    truth = make_first(trainplat_home).true_labels(SPEC.name)
    run_round(FIRST_VERSION)

    chosen = metadata_of(ask(FIRST_VERSION, spec=spec), "query")

    service = people(trainplat_home)
    questions = service.questions_open(SPEC.name)
    assert (chosen["picked_by_strategy"], chosen["picked_by_random"]) == (3, 3)
    assert "| margin_cover | 3 |" in str(chosen["composition"])
    assert "| chance, from all that was never asked | 3 |" in str(chosen["composition"])
    assert [question.why for question in questions].count(Why.RANDOM) == 3
    assert "random_picks_answered" not in chosen
    for question in questions:
        task = service.client.connection.get(f"/api/tasks/{question.task}/").json()
        assert task["data"]["why"] == question.why
        assert question.task is not None
        service.client.annotate(question.task, [truth[question.sample]])
    service.poll(SPEC.name, None, actor=_anna())

    again = metadata_of(ask(FIRST_VERSION, spec=spec), "query")
    right = [question.guess == truth[question.sample] for question in questions if question.why is Why.RANDOM]
    assert again["random_picks_answered"] == 3
    assert again["random_picks_guessed_right"] == pytest.approx(sum(right) / 3)
    assert 0 <= float(str(again["guessed_right_at_least"])) < float(str(again["guessed_right_at_most"])) <= 1


@pytest.mark.real
def test_an_answer_that_must_be_mended_is_a_warning_on_the_tasks(
    label_studio: LabelStudioServer, trainplat_home: Path
) -> None:
    make_first(trainplat_home)
    run_round(FIRST_VERSION)
    ask(FIRST_VERSION)
    service = people(trainplat_home)
    task = service.questions_open(SPEC.name)[0].task
    assert task is not None
    service.client.annotate(task, list(SPEC.classes))
    service.poll(SPEC.name, None, actor=_anna())

    result = ask(FIRST_VERSION)

    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert [(check.check_name, check.severity.value) for check in failed] == [("answers_can_be_used", "WARN")]
    assert "more than one label: dark, light" in str(failed[0].metadata["findings"].value)


@pytest.mark.real
def test_an_empty_pool_asks_nothing(label_studio: LabelStudioServer, trainplat_home: Path) -> None:
    data = make_first(trainplat_home)
    run_round(FIRST_VERSION)
    pool = [one.id for one in data.samples(SPEC.name, FIRST_VERSION) if one.split is Split.POOL]
    truth = data.true_labels(SPEC.name)
    labels = [ConfirmedLabel(sample, truth[sample], f"ref-{sample}") for sample in pool]
    data.plan_next(SPEC, labels, _anna())
    data.make(SPEC, V1, _anna())
    run_round(V1)

    result = ask(V1)

    assert metadata_of(result, "pool_predictions")["pool"] == 0
    assert metadata_of(result, "query")["questions"] == 0
    assert people(trainplat_home).asked(SPEC.name, V1) == 0


def test_without_a_champion_the_next_step_is_named(trainplat_home: Path) -> None:
    make_first(trainplat_home)

    with pytest.raises(NotFound, match=r"shapes v1\.0 has no champion yet") as told:
        ask(FIRST_VERSION)

    assert "Run shapes_round for partition v1.0 first" in told.value.next_step


def test_each_step_names_the_one_before_it(trainplat_home: Path) -> None:
    files = PredictionFiles(Home(trainplat_home))

    with pytest.raises(NotFound, match="Materialize shapes/pool_predictions for partition"):
        files.read_predictions(SPEC.name, FIRST_VERSION)
    with pytest.raises(NotFound, match="Materialize shapes/query for partition"):
        files.read_query(SPEC.name, FIRST_VERSION)


def test_the_assets_say_who_they_are() -> None:
    assets = {made.key.to_user_string(): made for made in build_labeling_assets(SPEC)}

    assert list(assets) == ["shapes/pool_predictions", "shapes/query", "shapes/label_tasks"]
    for key, made in assets.items():
        spec = made.specs_by_key[made.key]
        assert (spec.group_name, spec.owners) == ("shapes_labeling", ["team:ml"]), key
        assert spec.description
    assert assets["shapes/pool_predictions"].op.tags["trainplat/gpu"] == "1"
    dependencies = {
        key: sorted(parent.to_user_string() for parent in made.asset_deps[made.key])
        for key, made in assets.items()
    }
    assert dependencies == {
        "shapes/pool_predictions": ["shapes/champion"],
        "shapes/query": ["shapes/pool_predictions"],
        "shapes/label_tasks": ["shapes/query", "shapes/review"],
    }


def _anna() -> Actor:
    return Actor("user:anna")
