"""What a look through the server refuses: answers of another version, of too few samples, in no protocol.

That it says what the learner says, of each kind, is in ``tests/trainplat_assets/test_who_looks.py``.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np
import pytest

from resources.errors import BadInput, Conflict, TrainplatError, Unavailable
from resources.kinds import Kind
from resources.learning.model import LookSettings
from resources.serving.client import ModelClient
from resources.serving.looking import ServedModel, outlook_of, served_model
from resources.terms import DatasetName, Label

SAMPLES = np.zeros((2, 4, 4), np.uint8)
CLASSES = (Label("a"), Label("b"))
HOW = LookSettings(needs_embeddings=False)
REFERENCE = outlook_of(DatasetName("digits"), 7)


def output(name: str, datatype: str, values: list[Any]) -> dict[str, Any]:
    shape = list(np.array(values).shape)
    return {"name": name, "datatype": datatype, "shape": shape, "data": np.array(values).ravel().tolist()}


def said(rows: int) -> dict[str, Any]:
    return {
        "outputs": [
            output("probabilities", "FP64", [[0.25, 0.75]] * rows),
            output("answer", "BYTES", ["b"] * rows),
            output("sureness", "FP64", [0.75] * rows),
        ]
    }


@contextmanager
def answering(told: Any, model: str = REFERENCE) -> Iterator[ModelClient]:
    """A client of something that answers all requests alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.send_header("x-trainplat-model", model)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as there:
        threading.Thread(target=there.serve_forever, daemon=True).start()
        with ModelClient(f"http://127.0.0.1:{there.server_port}", patience_s=0.0) as client:
            yield client
        there.shutdown()


def model(client: ModelClient) -> ServedModel:
    return ServedModel(client, REFERENCE, CLASSES, Kind.IMAGE_CLASSES)


def test_what_the_version_says_is_taken_with_nothing_for_classes_that_came_later() -> None:
    with answering(said(2)) as client:
        seen = model(client).look(SAMPLES, (*CLASSES, Label("c")), HOW)
    assert seen.outlook.probabilities.tolist() == [[0.25, 0.75, 0.0]] * 2
    assert seen.guesses == ("b", "b")
    assert seen.outlook.members is None


@pytest.mark.parametrize(
    ("told", "by", "kind", "words"),
    [
        (said(2), "digits:8+outlook", Conflict, "digits:8+outlook answered; digits:7+outlook was asked"),
        (said(1), REFERENCE, Unavailable, "is not of all of them"),
        ({"outputs": []}, REFERENCE, Unavailable, "is not of all of them"),
        ({"hello": "world"}, REFERENCE, Unavailable, "is not in the protocol"),
        ([1, 2], REFERENCE, Unavailable, "is not in the protocol"),
    ],
)
def test_an_answer_that_is_none_of_this_version_is_refused(
    told: Any, by: str, kind: type[TrainplatError], words: str
) -> None:
    with answering(told, by) as client, pytest.raises(kind) as refused:
        model(client).look(SAMPLES, CLASSES, HOW)
    assert words in refused.value.problem
    assert refused.value.next_step


def test_other_classes_and_no_samples_are_refused_before_anybody_is_asked() -> None:
    with ModelClient("http://127.0.0.1:9", patience_s=0.0) as client:
        with pytest.raises(
            BadInput, match=r"digits:7\+outlook knows the classes a, b; the data set has b, a"
        ):
            model(client).look(SAMPLES, CLASSES[::-1], HOW)
        with pytest.raises(BadInput, match="expected one or more"):
            model(client).look(SAMPLES[:0], CLASSES, HOW)
        with pytest.raises(Unavailable, match="does not answer"):
            served_model(client, REFERENCE, Kind.IMAGE_CLASSES)
