"""What MLflow answers over REST, also when something else answers in its place."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from resources.errors import Unavailable
from resources.ports import LOOPBACK, free_port
from resources.registry.rest import API, ask

ANSWERS = {
    "there": (200, b'{"name": "digits"}'),
    "unknown": (404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such model"}'),
    "broken": (500, b'{"error_code": "INTERNAL_ERROR", "message": "the disk is full"}'),
    "page": (404, b"<html>not here</html>"),
}


class Answers(BaseHTTPRequestHandler):
    """Answers by the end of the path."""

    def do_GET(self) -> None:
        status, content = ANSWERS[self.path.removeprefix(f"/{API}/")]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer((LOOPBACK, 0), Answers) as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://{LOOPBACK}:{serving.server_port}"
        serving.shutdown()
        thread.join()


def test_what_is_there_is_given_and_what_is_not_is_none(server: str) -> None:
    assert ask(server, "GET", "there") == {"name": "digits"}
    assert ask(server, "GET", "unknown") is None


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("POST", "unknown", "refused: no such model"),
        ("GET", "broken", "refused: the disk is full"),
        ("GET", "page", "refused: <html>not here</html>"),
    ],
)
def test_a_refusal_is_told_in_its_own_words(server: str, method: str, path: str, said: str) -> None:
    with pytest.raises(Unavailable) as refused:
        ask(server, method, path)
    assert said in refused.value.problem


def test_a_server_that_is_down_is_named() -> None:
    address = f"http://{LOOPBACK}:{free_port()}"
    with pytest.raises(Unavailable, match=f"MLflow at {address} does not answer"):
        ask(address, "GET", "there")
