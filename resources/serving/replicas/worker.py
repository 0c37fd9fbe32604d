"""A replica: loads one model, answers over its socket, and ends when the server does."""

import os
import signal
import socket
import threading
import time
import traceback
from dataclasses import asdict
from typing import Any

from resources.errors import TrainplatError
from resources.serving.frames import Decoder, encoded
from resources.serving.replicas.model import Loading
from resources.serving.replicas.predictors import Predictor, load
from resources.serving.tensors import Tensors

READ_BYTES = 1 << 20
MOST_TOLD = 300


def work(link: socket.socket, lifeline: int, loading: Loading) -> None:
    """Load the model and answer until the server hangs up.

    The first message says what the model takes and gives, or what went wrong. ``lifeline`` is read by nobody
    and closed by the server's end: a model that hangs then does not outlive it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the server, which drains first
    signal.signal(
        signal.SIGTERM, signal.SIG_IGN
    )  # so is who wants its devices back, and who ends the machine
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    try:
        import torch

        torch.set_num_threads(max(1, loading.threads))
        model = load(loading)
    except Exception as problem:  # noqa: BLE001 - whatever a model does is told to who asked for it
        traceback.print_exc()
        link.sendall(encoded({"failed": _told(problem)}))
        return
    ready = {
        "inputs": [asdict(spec) for spec in model.inputs],
        "outputs": [asdict(spec) for spec in model.outputs],
        "classes": model.classes,
    }
    link.sendall(encoded({"ready": ready}))
    decoder = Decoder()
    while received := link.recv(READ_BYTES):
        for head, given in decoder.feed(received):
            link.sendall(_answer(model, head["id"], given))


def _answer(model: Predictor, number: int, given: Tensors) -> bytes:
    began_s = time.monotonic()

    def head() -> dict[str, Any]:
        return {"id": number, "took_s": time.monotonic() - began_s}

    try:
        said = model.predict(given)
        return encoded(head(), said)
    except Exception as problem:  # noqa: BLE001
        return encoded({**head(), "failed": _told(problem)})


def _told(problem: Exception) -> dict[str, Any]:
    if isinstance(problem, TrainplatError):
        return {"problem": _short(problem.problem), "next": problem.next_step}
    text = _short(str(problem))
    return {"problem": f"{type(problem).__name__}: {text}" if text else type(problem).__name__, "next": ""}


def _short(text: str) -> str:
    """The first line: libraries explain themselves at length, and the log has all of it."""
    line = text.strip().partition("\n")[0]
    return line if len(line) <= MOST_TOLD else f"{line[:MOST_TOLD]} ..."


def _end_with(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(0)
