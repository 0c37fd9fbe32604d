"""What the checks of the labeling assets find."""

from pathlib import Path

from dagster import AssetCheckEvaluation, AssetKey, DagsterInstance, asset, materialize

from resources.data.model import Split
from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.home import Home
from resources.labeling.model import Question
from resources.labeling.predictions import Pick, PredictionFiles, Query
from resources.labeling.resource import LabelStudioResource
from resources.labeling.service import LabelingService
from resources.labeling.store import put_questions
from resources.terms import FIRST_VERSION, Label
from tests.trainplat_assets.rounds import SPEC, make_first
from trainplat_assets.labeling_checks import build_labeling_checks


def test_the_check_of_a_query_names_what_may_not_be_asked(trainplat_home: Path) -> None:
    data = make_first(trainplat_home)
    samples = data.samples(SPEC.name, FIRST_VERSION)
    pool = next(one.id for one in samples if one.split is Split.POOL)
    test = next(one.id for one in samples if one.split is Split.TEST)
    picks = (Pick(pool, Label("dark"), 0.5), Pick(pool, Label("pale"), 0.5), Pick(test, Label("light"), 0.5))
    PredictionFiles(Home(trainplat_home)).write_query(SPEC.name, FIRST_VERSION, Query("m", "margin", picks))

    checked = _run_check("asks_only_the_pool", "query")

    found = str(checked.metadata["findings"].value)
    assert not checked.passed
    assert f"{test} is not in the pool" in found
    assert f"{pool} is chosen 2 times" in found
    assert "guess pale is no class" in found


def test_the_check_of_the_tasks_names_a_question_without_one(trainplat_home: Path) -> None:
    data = make_first(trainplat_home)
    pool = next(one for one in data.samples(SPEC.name, FIRST_VERSION) if one.split is Split.POOL)
    service = LabelingService(Home(trainplat_home), Home(trainplat_home).database())
    service.standing(SPEC.name)
    with service.database.write() as connection:
        question = Question(pool.id, SPEC.classes[0], 0.5, pool.path)
        put_questions(connection, SPEC.name, FIRST_VERSION, [question], "m", service.clock())

    checked = _run_check("every_question_has_a_task", "label_tasks")

    assert not checked.passed
    assert f"{pool.id} has no task" in str(checked.metadata["findings"].value)


def _run_check(name: str, checked: str) -> AssetCheckEvaluation:
    """One check of an asset that somebody else has made."""

    @asset(key=AssetKey([SPEC.name, checked]), partitions_def=versions_partitions(SPEC.name))
    def made() -> None: ...

    checks = build_labeling_checks(SPEC)
    chosen = [check for check in checks if {key.name for key in check.check_keys} == {name}]
    with DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(versions_partitions(SPEC.name).name), [FIRST_VERSION])
        result = materialize(
            [made, *chosen],
            partition_key=FIRST_VERSION,
            instance=instance,
            resources={"data": DataResource(), "labeling": LabelStudioResource()},
            raise_on_error=False,
        )
    (evaluation,) = result.get_asset_check_evaluations()
    return evaluation
