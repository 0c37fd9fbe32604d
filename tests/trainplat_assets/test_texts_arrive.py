"""New texts go all the way to people without a training: for classes of texts, and for names in texts."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dagster import DagsterInstance

from resources.data.arrivals.service import ArrivalService
from resources.data.arrivals.uploading import Fate, Uploader
from resources.data.model import Split, VersionState
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.home import Home
from resources.kinds import Kind
from resources.labeling.label_studio.kinds.catalogue import FORMS
from resources.labeling.predictions import PredictionFiles
from resources.labeling.service import LabelingService
from resources.marks import canonical
from resources.registry.service import RegistryService
from resources.reviews import ReviewPlan
from resources.terms import FIRST_VERSION, Label, VersionKey
from tests.resources.data.byhand.others import MADE, spec_of, truth_of
from tests.resources.data.shapes import ACTOR
from tests.servers.label_studio import LabelStudioServer
from tests.trainplat_assets.arrivals_chain import Chain, let_lie

pytestmark = [
    pytest.mark.usefixtures("mlflow_in_home"),
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.timeout(1000),  # the first one may make the tables of Label Studio
]

V1_1, V1_2 = VersionKey("v1.1"), VersionKey("v1.2")
NEW = 24


@pytest.fixture(params=[Kind.TEXT_CLASSES, Kind.ENTITIES])
def spec(request: pytest.FixtureRequest) -> DatasetSpec:
    return replace(
        spec_of(request.param),
        first_labelled=60,
        labels_per_round=8,
        arrivals_per_version=20,
        review=ReviewPlan(share=0.0),  # a doubted answer would wait for people once more
    )


@pytest.fixture
def chain(spec: DatasetSpec) -> Iterator[Chain]:
    with DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(f"{spec.name}_versions", [FIRST_VERSION])
        yield Chain(spec, instance)


def new_texts(spec: DatasetSpec) -> dict[str, Label]:
    """Texts of the same making that the data set does not have, and what is true of each."""
    made = list(MADE[spec.kind](400))[200 : 200 + NEW]
    return {
        f"{content.decode().strip()} ({number})": canonical(spec.kind, Label(label))
        for number, (_, content, label) in enumerate(made)
    }


def test_new_texts_are_predicted_by_the_live_model_asked_and_trained_on(
    label_studio: LabelStudioServer, chain: Chain, spec: DatasetSpec, trainplat_home: Path, tmp_path: Path
) -> None:
    home = Home(trainplat_home)
    data, people = DataService(home, home.database()), LabelingService(home, home.database())
    data.plan_first(spec, ACTOR)
    chain.run(f"{spec.name}_round", FIRST_VERSION, None, {})
    before = {one.id for one in data.samples(spec.name, FIRST_VERSION)}
    chain.ran.clear()

    truth_of_new = new_texts(spec)
    texts = list(truth_of_new)
    lines = [*(json.dumps({"text": one}) for one in texts[:-1]), "{torn"]
    given = tmp_path / "given"
    given.mkdir()
    (given / "said.jsonl").write_text("\n".join(lines))
    (given / "one.txt").write_text(texts[-1])
    arrivals = ArrivalService(home, home.database())
    done = list(Uploader(arrivals, data, spec.name).upload([given], lambda *_: None))
    assert [one.fate for one in done] == [Fate.NEW, Fate.NEW]
    let_lie(arrivals.inbox(spec.name))

    told = chain.tick("arrivals")
    assert f"v1.1 is planned: it takes up {NEW} new samples." in told
    chain.tick("annotations")
    assert "dataset" in chain.ran
    assert "model" not in chain.ran
    assert data.version(spec.name, V1_1).state is VersionState.SEALED
    chain.tick("annotations")
    chain.tick("questions")

    pool = {one.id for one in data.samples(spec.name, V1_1) if one.split is Split.POOL}
    new = pool - before
    assert len(new) >= NEW / 2, "all but what is held back for its hash"
    said = PredictionFiles(home).read_predictions(spec.name, V1_1)
    assert set(said.ids) == pool
    assert said.model == f"{spec.name}-1"
    asked = people.questions_open(spec.name)
    assert len(asked) == spec.labels_per_round
    assert {one.model_version for one in asked} == {said.model}
    truth = truth_of(data, spec)
    connection, form = label_studio.client().connection, FORMS[spec.kind]
    for question in asked:
        task = connection.get(f"/api/tasks/{question.task}/").json()
        (prediction,) = task["predictions"]
        assert form.answers(prediction["result"], task["data"]) == (question.guess,)
        text = task["data"]["text"]
        assert (text in truth_of_new) == (question.sample in new)
        answer = truth_of_new[text] if question.sample in new else truth[question.sample]
        assert question.task is not None
        people.client.annotate(question.task, [answer], spec.kind)
    chain.tick("annotations")
    assert chain.ran.count("model") == 1
    newest = RegistryService(home, home.database()).decisions(spec.name)[-1]
    assert (newest.version, newest.carried) == (V1_2, False)
