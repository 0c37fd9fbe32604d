"""Each kind of answer, end to end: a real Label Studio, answers as people send them, a better model."""

from pathlib import Path

import pytest

from resources.asking import Why
from resources.data.spec import DatasetSpec
from resources.labeling.label_studio.kinds.catalogue import FORMS
from resources.marks import told
from resources.pipelines.declared import datasets
from resources.pipelines.folder import Folder
from resources.terms import VersionKey
from tests.end_to_end.kind_loop import KindLoop, kind_loop
from tests.servers.label_studio import LabelStudioServer
from trainplat_assets.examples import EXAMPLES

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.usefixtures("mlflow_in_home"),
]

SPECS = datasets(Folder(EXAMPLES))
(NOTES,) = (spec for spec in SPECS if spec.name == "notes")


@pytest.mark.parametrize("spec", SPECS, ids=[spec.name for spec in SPECS])
def test_what_people_answer_in_label_studio_makes_a_better_model(
    spec: DatasetSpec, label_studio: LabelStudioServer, trainplat_home: Path
) -> None:
    loop = kind_loop(spec, trainplat_home)
    first = loop.first()

    questions = loop.open_questions()
    assert len(questions) == spec.labels_per_round
    assert_shown_as_asked(loop, label_studio)
    assert shown_one_after_the_other(loop, label_studio, 3) == [question.task for question in questions[:3]]
    truth = loop.truth()
    for question in questions[3:]:
        loop.answer(question, truth[question.sample])
    second = loop.next()

    assert second.version == VersionKey("v1.1")
    assert second.labels == first.labels + spec.labels_per_round
    assert {answer.label for answer in loop.people.confirmed(spec.name)} <= set(truth.values())
    assert second.promoted
    assert second.accuracy_new > first.accuracy_new, (first, second)
    evaluation = loop.registry.evaluation(spec.name, second.version)
    assert evaluation is not None
    assert evaluation.challenger_scores.measure is second.measure is spec.kind.measure
    assert_held_against_random(loop, len([one for one in questions if one.why is Why.RANDOM]))
    asked_next = loop.open_questions()
    assert {question.model_version for question in asked_next} == {f"{spec.name}-{second.model_number}"}


def assert_held_against_random(loop: KindLoop, picks: int) -> None:
    """A model of the same kind learnt from the first labels and the random picks, and was measured."""
    found = loop.registry.against_random(loop.spec.name)
    first, *later = found.random
    assert first == found.rounds[0]
    if 10 * picks >= first.labels:
        assert [one.labels for one in later] == [first.labels + picks]
        assert later[0].measure is loop.spec.kind.measure
        assert (later[0].right is None) == later[0].measure.is_of_marks
        assert later[0].test_set == found.rounds[-1].test_set


def assert_shown_as_asked(loop: KindLoop, server: LabelStudioServer) -> None:
    """Each task shows its sample and the whole guess, with the score and the model that guessed."""
    connection, form = server.client().connection, FORMS[loop.spec.kind]
    for question in loop.open_questions():
        task = connection.get(f"/api/tasks/{question.task}/").json()
        (prediction,) = task["predictions"]
        assert form.answers(prediction["result"], task["data"]) == (question.guess,)
        assert prediction["model_version"] == question.model_version
        assert prediction["score"] == pytest.approx(question.score)
        assert task["data"]["why"] == question.why
        assert told(loop.spec.kind, question.guess)
        if loop.spec.kind.is_text:
            path = next(
                one.path
                for one in loop.data.samples(loop.spec.name, question.version)
                if one.id == question.sample
            )
            assert task["data"]["text"] == path.read_text()


def shown_one_after_the_other(loop: KindLoop, server: LabelStudioServer, count: int) -> list[int]:
    """What Label Studio shows a person next, who answers each and goes on."""
    connection, truth, found = server.client().connection, loop.truth(), []
    project = str(loop.people.project_address(loop.spec.name)).split("/")[-2]
    for _ in range(count):
        shown = connection.get(f"/api/projects/{project}/next").json()
        found.append(int(shown["id"]))
        question = next(one for one in loop.open_questions() if one.task == shown["id"])
        loop.answer(question, truth[question.sample])
    return found


def test_the_order_of_work_is_that_of_gain_with_random_picks_among_it(
    label_studio: LabelStudioServer, trainplat_home: Path
) -> None:
    loop = kind_loop(NOTES, trainplat_home)
    loop.first()
    questions = loop.open_questions()

    order = shown_one_after_the_other(loop, label_studio, len(questions))

    assert order == [question.task for question in questions]
    places = [place for place, question in enumerate(questions) if question.why is Why.RANDOM]
    assert len(places) == 4
    assert places[0] < len(questions) / 4
    assert len(questions) * 3 / 4 <= places[-1] < len(questions)
