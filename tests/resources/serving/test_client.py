"""What can be said to a client before, or without, a model server."""

import socket
from pathlib import Path

import numpy as np
import pytest

from resources.errors import BadInput, Unavailable
from resources.home import Home
from resources.serving.client import ModelClient
from resources.serving.running import running
from resources.serving.tensors import Array


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.array([[1.0, np.nan]]), "holds values that are infinite or no number"),
        (np.array([[np.inf]], np.float32), "holds values that are infinite or no number"),
        (np.array([1j]), "is an array of complex128; expected numbers or texts"),
        (np.array([b"a"]), "is an array of |S1; expected numbers or texts"),
        (np.array([b"a", None], dtype=object), "is an array of object; expected numbers or texts"),
        (np.array(["2026-01-01"], dtype="datetime64[D]"), "is an array of datetime64[D]"),
    ],
)
def test_samples_that_cannot_be_sent_are_refused_before_anybody_is_asked(given: Array, said: str) -> None:
    with ModelClient("http://127.0.0.1:9", patience_s=0) as client:
        with pytest.raises(BadInput) as refused:
            client.ask("digits", given)
        assert said in refused.value.problem
        assert refused.value.next_step


@pytest.mark.parametrize("address", ["127.0.0.1:8600", "ftp://127.0.0.1", "nonsense"])
def test_what_is_no_address_is_told_at_once(address: str) -> None:
    with ModelClient(address, patience_s=60) as client, pytest.raises(BadInput, match="is no address of"):
        client.status()


def test_a_server_that_says_nothing_is_told_from_one_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = ModelClient(address, patience_s=0, timeout_s=0.2)
        with client, pytest.raises(Unavailable, match="takes connections and has not answered"):
            client.status()
    with ModelClient(address, patience_s=0) as client, pytest.raises(Unavailable, match="does not answer"):
        client.status()


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"address": "a", "process": {"pid": 1}}'])
def test_a_record_that_no_server_wrote_names_none(tmp_path: Path, content: str) -> None:
    home = Home(tmp_path)
    home.run.mkdir(parents=True)
    (home.run / "serving.json").write_text(content)
    assert running(home) is None
