"""The receiver: takes hints from Label Studio, says no to everybody else."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from resources.database.audit import recent
from resources.labeling.label_studio.project import SECRET_HEADER
from resources.labeling.label_studio.values import ProjectId
from resources.labeling.store import KnownProject, put_project
from resources.labeling.tables import INBOX
from resources.labeling.webhook import MAX_BODY_BYTES, create_app
from resources.terms import Label
from tests.resources.labeling.people import CATS, Desk, TestClock, desk
from tests.servers.label_studio import LabelStudioServer, write_secrets

SECRET = "0123456789abcdef"


@pytest.fixture
def anna(trainplat_home: Path, tmp_path: Path) -> Desk:
    """A home whose project is number 7."""
    write_secrets(trainplat_home, "t" * 40)
    made = desk(tmp_path)
    made.service.standing(CATS)
    with made.service.database.write() as connection:
        put_project(connection, KnownProject(CATS, ProjectId(7), (Label("cat"),)), TestClock().now)
    return made


@dataclass(frozen=True)
class Receiver:
    """The receiver in this process, behind its real HTTP interface."""

    app: Starlette

    def request(
        self, method: str, path: str, content: bytes = b"", headers: dict[str, bytes] | None = None
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=("127.0.0.9", 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://receiver") as client:
                given = list((headers or {}).items())
                encoded = [(name.encode(), value) for name, value in given]
                return await client.request(method, path, content=content, headers=encoded)

        return asyncio.run(ask())


@pytest.fixture
def receiver(anna: Desk) -> Receiver:
    return Receiver(create_app(anna.service))


def post(receiver: Receiver, body: object) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return receiver.request("POST", "/label-studio", content, {SECRET_HEADER: SECRET.encode()})


def inbox(anna: Desk) -> list[tuple[int, str, str]]:
    with anna.service.database.read() as connection:
        rows = connection.execute(select(INBOX).order_by(INBOX.c.id)).all()
    return [(row.project, row.action, row.tasks) for row in rows]


@pytest.mark.parametrize(
    ("told", "tasks"),
    [
        ({"action": "ANNOTATION_CREATED", "task": {"id": 3}, "annotation": {"id": 9}}, "[3]"),
        ({"action": "ANNOTATIONS_CREATED", "task": [{"id": 3}, {"id": 4}]}, "[3, 4]"),
        ({"action": "TASKS_DELETED", "tasks": [{"id": 3}, {"id": 5}]}, "[3, 5]"),
        ({"action": "ANNOTATIONS_DELETED", "annotations": [{"id": 9}]}, "[]"),
    ],
)
def test_a_hook_of_ours_becomes_a_hint(
    anna: Desk, receiver: Receiver, told: dict[str, object], tasks: str
) -> None:
    answer = post(receiver, {**told, "project": {"id": 7}})

    assert (answer.status_code, answer.json()) == (202, {"accepted": told["action"]})
    assert inbox(anna) == [(7, told["action"], tasks)]


def test_a_hook_that_is_sent_again_waits_once_and_another_one_beside_it(
    anna: Desk, receiver: Receiver
) -> None:
    told = {"action": "ANNOTATION_CREATED", "task": {"id": 3}, "project": {"id": 7}}

    answers = [post(receiver, one) for one in (told, told, {**told, "task": {"id": 4}}, told)]

    assert {answer.status_code for answer in answers} == {202}
    assert [tasks for _, _, tasks in inbox(anna)] == ["[3]", "[4]"]


@pytest.mark.real
def test_a_hook_that_is_replayed_after_it_was_heard_changes_nothing(
    label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    anna = desk(tmp_path, TestClock())
    project = anna.ask(range(2)).project
    anna.answer(0, "cat")
    receiver = Receiver(create_app(anna.service))
    hook = {"action": "ANNOTATION_CREATED", "task": {"id": anna.task(0)}, "project": {"id": project}}
    gone = {"action": "TASKS_DELETED", "tasks": [{"id": anna.task(1)}], "project": {"id": project}}
    post(receiver, hook)
    anna.poll()
    before = (anna.service.confirmed(CATS), recent(anna.service.database, 500))

    for _ in range(3):
        assert post(receiver, hook).status_code == 202
        assert post(receiver, gone).status_code == 202  # it is still there: what a hook says is looked up
        anna.poll()

    assert (anna.service.confirmed(CATS), recent(anna.service.database, 500)) == before
    assert inbox(anna) == []


@pytest.mark.parametrize("secret", [None, "wrong", "0123456789abcdeg", "ünicode"])
def test_a_hook_from_nowhere_is_refused_and_audited(
    anna: Desk, receiver: Receiver, secret: str | None
) -> None:
    headers = {} if secret is None else {SECRET_HEADER: secret.encode("utf-8")}

    answers = [receiver.request("POST", "/label-studio", b"{}", headers) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {401}
    assert "secret in X-Trainplat-Secret was refused" in answers[0].json()["error"]
    assert "Materialize label_tasks again" in answers[0].json()["next_step"]
    assert inbox(anna) == []
    refused = [row for row in recent(anna.service.database) if row.action == "labeling.refuse_hook"]
    assert [row.actor for row in refused] == ["webhook:127.0.0.9"]


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"\xff\xfe",
        [],
        {"action": "TASKS_DELETED"},
        {"action": "TASKS_DELETED", "project": 7},
        {"action": "TASKS_DELETED", "project": {"id": "seven"}},
        {"action": "TASKS_DELETED", "project": {"id": 7}, "tasks": [3]},
        {"action": "TASKS_DELETED", "project": {"id": 7}, "tasks": [{"id": 2**63}]},
        {"action": "TASKS_DELETED", "project": {"id": 7}, "tasks": [{"id": -1}]},
        b'{"action": "TASKS_DELETED", "project": {"id": Infinity}}',
        b'{"action": "TASKS_DELETED", "project": {"id": 1e400}}',
        {"action": "PROJECT_CREATED", "project": {"id": 7}},
        {"action": "TASKS_DELETED", "project": {"id": 8}, "tasks": [{"id": 3}]},
    ],
)
def test_a_hook_that_label_studio_would_not_send_us_is_refused(
    anna: Desk, receiver: Receiver, body: object
) -> None:
    answer = post(receiver, body)

    assert answer.status_code == 422
    assert "Let only the web hook that trainplat registers point here" in answer.json()["next_step"]
    assert inbox(anna) == []


def test_an_oversized_hook_is_refused_before_it_is_read(anna: Desk, receiver: Receiver) -> None:
    answer = post(receiver, b"x" * (MAX_BODY_BYTES + 1))

    assert answer.status_code == 413
    assert inbox(anna) == []


def test_a_database_that_is_busy_drops_the_hint_and_says_so(
    anna: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    def busy(*_: object) -> None:
        raise OperationalError("insert", {}, Exception("database is locked"))

    monkeypatch.setattr(anna.service, "take_hint", busy)

    answer = post(receiver, {"action": "TASKS_DELETED", "project": {"id": 7}, "tasks": []})

    assert (answer.status_code, "next poll" in answer.json()["error"]) == (503, True)


def test_it_only_listens_where_it_should(receiver: Receiver) -> None:
    assert receiver.request("GET", "/health").json() == {"status": "up"}
    assert receiver.request("GET", "/label-studio").status_code == 405
    assert receiver.request("GET", "/").status_code == 404


@pytest.mark.real
def test_label_studio_tells_the_receiver_what_people_do(
    label_studio: LabelStudioServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "resources.labeling.webhook", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, env=dict(os.environ), start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{address}/health", trust_env=False).is_success:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        monkeypatch.setenv("TRAINPLAT_WEBHOOK_URL", address)
        people = desk(tmp_path)
        people.ask(range(2))
        first, second = people.task(0), people.task(1)
        people.answer(0, "cat")
        people.service.client.delete_task(second)
        told = inbox(people)
        people.poll()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)

    assert [(action, tasks) for _, action, tasks in told] == [
        ("ANNOTATION_CREATED", f"[{first}]"), ("TASKS_DELETED", f"[{second}]")
    ]  # fmt: skip
    assert inbox(people) == []
    assert people.service.standing(CATS).withdrawn == 1
