"""Two people who are asked about each sample, in a real Label Studio: agreement arises by itself."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from resources.kinds import Kind
from resources.labeling.label_studio.kinds.catalogue import FORMS
from resources.labeling.label_studio.values import ProjectId, TaskId
from resources.labeling.model import QuestionState
from resources.reviews import ReviewPlan
from resources.terms import Label
from tests.resources.labeling.people import ANNA, CATS, Desk, TestClock, desk, sample_id
from tests.servers.label_studio import LabelStudioServer

pytestmark = [pytest.mark.real, pytest.mark.slow]


@dataclass(frozen=True)
class Bea:
    """Somebody else, who signed up and uses Label Studio's page."""

    page: httpx.Client

    def next_task(self, project: ProjectId) -> TaskId | None:
        """What Label Studio hands out next; None where it has nothing for her."""
        answer = self.page.get(f"/api/projects/{project}/next")
        return TaskId(int(answer.json()["id"])) if answer.status_code == httpx.codes.OK else None

    def answers(self, project: ProjectId, said: Mapping[TaskId, str]) -> list[TaskId]:
        """Answer whatever Label Studio hands her, until it has nothing more for her."""
        given = []
        while (task := self.next_task(project)) is not None:
            self.answer(task, said[task])
            given.append(task)
        return given

    def answer(self, task: TaskId, label: str) -> None:
        """Submit what the page submits."""
        self.page.post(
            f"/api/tasks/{task}/annotations/",
            json={"result": FORMS[Kind.IMAGE_CLASSES].regions(Label(label))},
            headers={"X-CSRFToken": self.page.cookies["csrftoken"]},
        ).raise_for_status()


@pytest.fixture
def anna(label_studio: LabelStudioServer, tmp_path: Path) -> Desk:
    return desk(tmp_path, TestClock())


@pytest.fixture
def bea(label_studio: LabelStudioServer) -> Iterator[Bea]:
    with httpx.Client(base_url=label_studio.address, trust_env=False, follow_redirects=True) as page:
        invited = label_studio.client().connection.get("/api/invite").json()["invite_url"]
        page.get(invited).raise_for_status()
        signed = {
            "email": f"bea-{secrets.token_hex(4)}@trainplat.local",
            "password": secrets.token_urlsafe(12),
        }
        page.post(
            invited,
            data={**signed, "csrfmiddlewaretoken": page.cookies["csrftoken"], "allow_newsletters": "false"},
            headers={"Referer": f"{label_studio.address}/user/signup/"},
        ).raise_for_status()
        page.get("/api/current-user/whoami").raise_for_status()
        yield Bea(page)


def states(anna: Desk) -> dict[int, QuestionState]:
    known = {sample_id(number): number for number in range(3)}
    return {known[one.sample]: one.state for one in anna.service.questions(CATS)}


def test_what_two_people_say_of_the_same_samples_is_confirmed_where_they_agree_and_measured(
    anna: Desk, bea: Bea
) -> None:
    anna.service.reviews.follow(CATS, ReviewPlan(people_per_sample=2))
    project = anna.ask(range(3)).project
    for number, label in enumerate(("cat", "dog", "owl")):
        anna.answer(number, label)
    anna.poll()
    assert anna.labels() == {}, "each waits for another person"
    assert set(states(anna).values()) == {QuestionState.OPEN}

    handed_out = bea.answers(project, {anna.task(0): "cat", anna.task(1): "dog", anna.task(2): "cat"})
    assert sorted(handed_out) == sorted(anna.task(number) for number in range(3))
    anna.poll()
    assert anna.labels() == {sample_id(0): Label("cat"), sample_id(1): Label("dog")}
    assert states(anna)[2] is QuestionState.OPEN

    agreement = anna.service.reviews.agreement(CATS)
    assert agreement.alpha is not None
    assert 0 < agreement.alpha < 1
    assert anna.service.reviews.look_again(CATS, [], [], actor=ANNA) == 1, "they differ about one"


def test_a_project_that_was_made_for_one_asks_two_once_that_is_declared(anna: Desk, bea: Bea) -> None:
    project = anna.ask(range(1)).project
    anna.answer(0, "cat")
    anna.poll()
    assert bea.next_task(project) is None
    anna.service.reviews.follow(CATS, ReviewPlan(people_per_sample=2))
    anna.ask(range(1, 2))
    anna.answer(1, "dog")
    anna.poll()
    assert anna.labels() == {sample_id(0): Label("cat")}, "what one person confirmed before stays"
    handed_out = bea.answers(project, {anna.task(0): "cat", anna.task(1): "dog"})
    assert sorted(handed_out) == [anna.task(0), anna.task(1)]
    anna.poll()
    assert anna.labels() == {sample_id(0): Label("cat"), sample_id(1): Label("dog")}
