"""A Label Studio that is wrong, closed, down or slow: said in words, at the place."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from resources.errors import BadInput, Conflict, Denied, NotFound, TrainplatError, Unavailable
from resources.labeling.label_studio.connection import Connection
from resources.labeling.label_studio.values import ProjectId, TaskId
from tests.servers.label_studio import LabelStudioServer


@contextmanager
def web_server(status: int, kind: str, body: str) -> Iterator[str]:
    """Some web server that is no Label Studio: it gives everybody the same answer."""

    class Same(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Same) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def told(connection: Connection) -> TrainplatError:
    with pytest.raises(TrainplatError) as raised:
        connection.get("/api/projects/")
    return raised.value


@pytest.mark.parametrize("address", [None, ""])
def test_without_an_address_it_says_how_to_start_one(address: str | None) -> None:
    problem = told(Connection(address, "token"))

    assert isinstance(problem, Unavailable)
    assert "no address of Label Studio is known" in problem.problem
    assert "trainplat up" in problem.next_step


@pytest.mark.parametrize("address", ["127.0.0.1:8080", "ftp://somewhere", "http://:99999", "http://[::1"])
def test_an_address_of_another_form_is_refused(address: str) -> None:
    problem = told(Connection(address, "token"))

    assert isinstance(problem, BadInput)
    assert repr(address) in problem.problem
    assert "TRAINPLAT_LABEL_STUDIO_URL" in problem.next_step


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "text/html", "<html>Welcome</html>"),
        (404, "text/html", "not here"),
        (404, "application/json", '{"detail": "Not Found"}'),
        (302, "text/html", ""),
        (405, "text/plain", "no"),
    ],
)
def test_the_address_of_something_else_is_refused(status: int, kind: str, body: str) -> None:
    with web_server(status, kind, body) as address:
        problem = told(Connection(address, "token"))

    assert isinstance(problem, BadInput)
    assert "is not the address of a Label Studio" in problem.problem


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, Unavailable), (503, Unavailable), (429, Unavailable), (409, Conflict), (400, BadInput)],
)
def test_a_refusal_says_what_label_studio_said(status: int, error: type[TrainplatError]) -> None:
    with web_server(status, "application/json", '{"detail": "because of this"}') as address:
        problem = told(Connection(address, "token"))

    assert type(problem) is error
    assert "because of this" in problem.problem


def test_one_that_is_down_is_told_with_its_address() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    problem = told(Connection(address, "token"))

    assert isinstance(problem, Unavailable)
    assert f"Label Studio at {address} does not answer" in problem.problem
    assert "Nothing is lost" in problem.next_step


@pytest.mark.real
def test_a_wrong_token_is_told_with_where_to_put_the_right_one(label_studio: LabelStudioServer) -> None:
    problem = told(Connection(label_studio.address, "0" * 40))

    assert isinstance(problem, Denied)
    assert "refuses the token" in problem.problem
    assert "secrets.json" in problem.next_step
    with pytest.raises(Denied):
        Connection(label_studio.address, "0" * 40).with_sdk(lambda sdk: sdk.projects.create(title="x"))


@pytest.mark.real
def test_one_that_is_slow_is_told_and_asked_again_later(label_studio: LabelStudioServer) -> None:
    connection = Connection(label_studio.address, label_studio.token, timeout_s=0.3)
    with label_studio.stopped():
        problem = told(connection)
        with pytest.raises(Unavailable, match=r"did not answer within 0\.3 s"):
            connection.with_sdk(lambda sdk: sdk.projects.create(title="x"))

    assert isinstance(problem, Unavailable)
    assert "did not answer within 0.3 s" in problem.problem
    assert label_studio.client().connection.get("/api/projects/").json()["count"] == 0


@pytest.mark.real
def test_what_is_not_there_is_not_found(label_studio: LabelStudioServer) -> None:
    client = label_studio.client()

    with pytest.raises(NotFound):
        client.counts(ProjectId(999_999))
    with pytest.raises(NotFound):
        client.delete_task(TaskId(999_999))


@pytest.mark.real
def test_past_the_last_page_there_is_nothing(label_studio: LabelStudioServer) -> None:
    client = label_studio.client()
    made = client.connection.with_sdk(lambda sdk: sdk.projects.create(title="empty"))
    since = client.changed_since(ProjectId(made.id or 0), _long_ago(), page=7)

    assert since.tasks == ()


def _long_ago() -> datetime:
    return datetime(2020, 1, 1, tzinfo=UTC)
