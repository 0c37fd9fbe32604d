"""Trainings by hand: on from a version's model, with labels from a file."""

import csv
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult

from resources.data.byhand.model import Fate
from resources.data.model import Split
from resources.data.resource import DataResource
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.database.audit import recent
from resources.errors import BadInput, Conflict, NotFound
from resources.kinds import Kind
from resources.learning.kinds.learner import learner_of
from resources.marks import canonical
from resources.registry.resource import MlflowResource
from resources.registry.sanity import measurement_problems
from resources.registry.service import RegistryService
from resources.terms import FIRST_VERSION, Label, VersionKey
from resources.train_settings import TrainSettings
from tests.resources.data.byhand.others import (
    OTHERS,
    first_of,
    pool_of,
    spec_of,
    truth_of,
    written_as_json,
)
from tests.resources.data.shapes import ACTOR
from tests.trainplat_assets.rounds import SPEC, data_service, make_first, make_next, registry_service
from trainplat_assets.by_hand import TrainingByHand, plan_by_hand
from trainplat_assets.by_hand_job import build_by_hand_job
from trainplat_assets.model_round import Round, identity_of

pytestmark = pytest.mark.usefixtures("mlflow_in_home")
SHORT = TrainSettings(epochs=40, incremental_epochs=5)


def rounds(
    data: DataService, registry: RegistryService, *versions: VersionKey, spec: DatasetSpec = SPEC
) -> None:
    for version in versions:
        round_ = Round(spec, version, data, registry, ACTOR, SHORT)
        round_.train(device="cpu", threads=1, run_id="r")
        round_.evaluate()
        round_.decide()


def labels_of_pool(data: DataService, folder: Path, count: int = 4) -> Path:
    version = data.versions(SPEC.name)[-1].version
    truth = data.true_labels(SPEC.name)
    pool = [one.id for one in data.samples(SPEC.name, version) if one.split is Split.POOL][:count]
    path = folder / "labels.jsonl"
    path.write_text("\n".join(json.dumps({"sample": one, "label": truth[one]}) for one in pool))
    return path


def planned(data: DataService, registry: RegistryService, base: str, labels: Path) -> TrainingByHand:
    return plan_by_hand(SPEC, data, registry, base=base, labels=labels, actor=ACTOR)


def test_the_training_goes_on_from_the_model_of_the_base_and_is_measured_against_the_champion(
    trainplat_home: Path, tmp_path: Path
) -> None:
    data, registry = make_first(trainplat_home), registry_service(trainplat_home)
    labels = labels_of_pool(data, tmp_path)
    with pytest.raises(NotFound, match="no version of shapes has a model yet"):
        planned(data, registry, "latest", labels)
    rounds(data, registry, FIRST_VERSION)
    second = make_next(data)
    labels = labels_of_pool(data, tmp_path)
    with pytest.raises(Conflict, match=r"shapes v1.1 is sealed, and its round is not decided") as refused:
        planned(data, registry, "v1.0", labels)
    assert "run the same thing again" in refused.value.next_step
    with pytest.raises(NotFound, match=r"shapes v1.1 has no model to go on from; those that have one: v1.0"):
        planned(data, registry, "v1.1", labels)
    rounds(data, registry, second)
    done = planned(data, registry, "v1.0", labels)
    assert (done.planned.fate, done.planned.version.version) == (Fate.PLANNED, "v1.2")
    assert done.base is not None
    assert done.base.uri == "models:/shapes/1"
    assert (
        "planned, on top of v1.1: 4 labels new, 0 corrected. Its training goes on from models:/shapes/1, the "
        "model of v1.0, with all labels, old and new" in done.sentence
    )
    data.make(SPEC, VersionKey("v1.2"), ACTOR)
    trained = Round(SPEC, VersionKey("v1.2"), data, registry, ACTOR, SHORT).train(
        device="cpu", threads=1, run_id="r"
    )
    assert trained.start == done.base
    assert trained.labelled == SPEC.first_labelled + 6 + 4
    again = planned(data, registry, "latest", labels)
    assert again.planned.fate is Fate.TAKEN
    assert again.base == done.base
    assert "took up these 4 labels before: nothing was planned. Its training goes on" in again.sentence


def run_job(
    labels: Path, base: str, instance: DagsterInstance, *, raises: bool = True, spec: DatasetSpec = SPEC
) -> ExecuteInProcessResult:
    config = {"ops": {f"{spec.name}_plan_by_hand": {"config": {"base": base, "labels": str(labels)}}}}
    return build_by_hand_job(spec).execute_in_process(
        run_config=config,
        instance=instance,
        resources={"data": DataResource(), "registry": MlflowResource()},
        tags={"trainplat/user": "bea"},
        raise_on_error=raises,
    )


def test_the_launchpad_plans_the_same_once_and_names_every_mistake(
    trainplat_home: Path, tmp_path: Path
) -> None:
    data, registry = make_first(trainplat_home), registry_service(trainplat_home)
    rounds(data, registry, FIRST_VERSION)
    labels = labels_of_pool(data, tmp_path)
    bad = tmp_path / "bad.csv"
    bad.write_text("sample,label\nnobody.png,dark\n")
    with DagsterInstance.ephemeral() as instance:
        failed = run_job(bad, "latest", instance, raises=False)
        assert not failed.success
        failure = failed.failure_data_for_node("shapes_plan_by_hand")
        assert failure is not None
        assert "line 2: 'nobody.png' is unknown in v1.0" in str(failure.user_failure_data)
        assert run_job(labels, "v1.0", instance).output_for_node("shapes_plan_by_hand") == "v1.1"
        assert run_job(labels, "v1.0", instance).output_for_node("shapes_plan_by_hand") == "v1.1"
        assert instance.get_dynamic_partitions("shapes_versions") == ["v1.1"]
    assert data.versions(SPEC.name)[-1].starts_from == "v1.0"
    assert data.confirmed_labels(SPEC.name, VersionKey("v1.1"))[0].ref.endswith(":bea")


@pytest.mark.parametrize(
    "kind", [pytest.param(one, marks=() if one is Kind.ENTITIES else pytest.mark.slow) for one in OTHERS]
)
def test_the_launchpad_trains_each_kind_on_with_labels_from_a_file(
    kind: Kind, trainplat_home: Path, tmp_path: Path
) -> None:
    data, registry, spec = data_service(trainplat_home), registry_service(trainplat_home), spec_of(kind)
    first_of(data, spec)
    rounds(data, registry, FIRST_VERSION, spec=spec)
    truth = truth_of(data, spec)
    told: dict[str, Label] = {one.id: truth[one.id] for one in pool_of(data, spec)[:8]}
    labels = written_as_json(kind, tmp_path / "in", told)
    with DagsterInstance.ephemeral() as instance:
        planned = run_job(labels, "v1.0", instance, spec=spec)
        assert planned.output_for_node(f"{spec.name}_plan_by_hand") == "v1.1"
    second = VersionKey("v1.1")
    data.make(spec, second, ACTOR)
    rounds(data, registry, second, spec=spec)
    decision = registry.decision(spec.name, second)
    assert decision is not None
    assert (decision.labels, decision.measure) == (spec.first_labelled + 8, kind.measure)
    assert all(one.ref.endswith(":bea") for one in data.confirmed_labels(spec.name, second))
    written = [one for one in recent(data.database) if one.subject == f"{spec.name} v1.1"]
    assert ("data.plan_version", "user:bea") in [(one.action, one.actor) for one in written]


@pytest.mark.parametrize(
    "kind", [pytest.param(one, marks=() if one is Kind.ENTITIES else pytest.mark.slow) for one in OTHERS]
)
def test_a_class_that_is_declared_later_comes_in_by_hand_is_tested_and_grows_the_head(
    kind: Kind, trainplat_home: Path, tmp_path: Path
) -> None:
    data, registry, whole = data_service(trainplat_home), registry_service(trainplat_home), spec_of(kind)
    later = whole.classes[-1]
    before = replace(whole, classes=whole.classes[:-1], first_labelled=min(40, whole.first_labelled))
    first_of(data, before)
    rounds(data, registry, FIRST_VERSION, spec=before)
    quarantined = data.validate(before, FIRST_VERSION).quarantined
    answers = dict(csv.reader((data.source_folder(whole.name) / "labels.csv").read_text().splitlines()))
    told = {one.file: canonical(kind, answers[one.file]) for one in quarantined[:12]}
    for name in told:
        shutil.copy(data.source_folder(whole.name) / name, tmp_path)
    labels = written_as_json(kind, tmp_path, told)
    with pytest.raises(BadInput, match=f"'{later}' is no class; expected one of {before.classes[0]}"):
        plan_by_hand(before, data, registry, base="latest", labels=labels, actor=ACTOR)
    whole = replace(whole, first_labelled=before.first_labelled)
    done = plan_by_hand(whole, data, registry, base="latest", labels=labels, actor=ACTOR)
    assert (done.planned.version.version, done.planned.fresh) == ("v1.1", 12)
    second = VersionKey("v1.1")
    data.make(whole, second, ACTOR)
    rounds(data, registry, second, spec=whole)
    measured = registry.evaluation(whole.name, second)
    earlier = registry.evaluation(whole.name, FIRST_VERSION)
    assert measured is not None
    assert earlier is not None
    assert measured.tested_classes - earlier.tested_classes == {later}
    test = data.images(whole.name, second, Split.TEST)
    assert measured.test_count > earlier.test_count
    assert measurement_problems(measured, earlier, identity_of(test, earlier.tested_classes, kind)) == []
    model = registry.model_from(whole.name, second)
    assert model is not None
    network: Any = learner_of(kind).network(registry.weights(model))
    assert network.shape.classes == whole.classes


def test_the_program_says_a_refusal_in_the_form_of_an_answer(trainplat_home: Path) -> None:
    command = [sys.executable, "-m", "trainplat_assets.by_hand_program", "pets", "latest", "l.csv"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 4
    told = json.loads(done.stdout)
    assert told["problem"] == "there is no declared data set 'pets'; expected one of digits"
