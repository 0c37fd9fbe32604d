import http.server
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest

from resources.ports import LOOPBACK
from resources.process import ProcessIdentity
from trainplat_cli.supervisor.model import Answer, ProbeResult
from trainplat_cli.supervisor.probes import NOT_LOADED, code_server_probe, daemon_probe, http_probe


def started_at_moment(epoch_s: float) -> ProcessIdentity:
    """A process that started then, by this machine's clock."""
    return ProcessIdentity(1, time.clock_gettime(time.CLOCK_BOOTTIME) - (time.time() - epoch_s))


@contextmanager
def answering(body: bytes = b"", status: int = 200, wait: threading.Event | None = None) -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if wait is not None:
                wait.wait(20)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *arguments: Any) -> None:  # noqa: ARG002
            return

    with http.server.ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            if wait is not None:
                wait.set()
            server.shutdown()
            thread.join()


@contextmanager
def grpc_answering(details: str | None) -> Iterator[int]:
    def ping(_request: bytes, context: Any) -> bytes:
        if details is not None:
            context.abort(grpc.StatusCode.UNKNOWN, details)
        return b""

    handler = grpc.method_handlers_generic_handler(
        "api.DagsterApi", {"Ping": grpc.unary_unary_rpc_method_handler(ping)}
    )
    server = grpc.server(ThreadPoolExecutor(1), handlers=[handler])
    port = server.add_insecure_port(f"{LOOPBACK}:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


def test_a_part_is_well_when_it_answers() -> None:
    with answering() as port:
        assert http_probe(port, "/health")() == ProbeResult(Answer.OK)


def test_a_part_that_answers_with_an_error_refuses() -> None:
    with answering(status=503) as port:
        found = http_probe(port, "/health")()
    assert (found.answer, str(found.detail)) == (Answer.REFUSED, "HTTP 503 for /health")
    found = http_probe(port, "/health")()
    assert found.answer is Answer.REFUSED
    assert "refused" in str(found.detail)


def test_a_part_that_does_not_answer_in_time_is_silent() -> None:
    with answering(wait=threading.Event()) as port:
        assert http_probe(port, "/health", timeout_s=0.1)().answer is Answer.SILENT


def test_the_code_server_is_well_when_the_process_behind_it_answers() -> None:
    with grpc_answering(None) as port:
        assert code_server_probe(port)() == ProbeResult(Answer.OK)
    assert code_server_probe(port)().answer is Answer.REFUSED


def test_a_code_server_whose_process_died_refuses() -> None:
    with grpc_answering("Exception calling application: Could not reach user code server") as port:
        assert code_server_probe(port)() == ProbeResult(Answer.REFUSED, "gRPC unknown")


def test_code_that_does_not_load_is_no_reason_to_start_the_code_server_again() -> None:
    with grpc_answering(f"Exception calling application: {NOT_LOADED}") as port:
        found = code_server_probe(port)()
    assert found.answer is Answer.SILENT
    assert "does not load" in str(found.detail)


def heartbeats(*times: float | None) -> bytes:
    statuses = [
        {"daemonType": f"DAEMON_{number}", "required": number < 2, "lastHeartbeatTime": time}
        for number, time in enumerate(times)
    ]
    return json.dumps({"data": {"instance": {"daemonHealth": {"allDaemonStatuses": statuses}}}}).encode()


@pytest.mark.parametrize(
    ("times", "answer"),
    [
        ((11.0, 12.0, None), Answer.OK),
        ((11.0, 9.0, None), Answer.SILENT),
        ((11.0, None, 12.0), Answer.SILENT),
    ],
    ids=[
        "every one that is needed has given a sign",
        "one sign is a dead daemon's",
        "one has never given a sign",
    ],
)
def test_the_daemon_is_well_when_its_own_signs_of_life_are_there(
    times: tuple[float | None, ...], answer: Answer
) -> None:
    with answering(heartbeats(*times)) as port:
        found = daemon_probe(port, lambda: started_at_moment(10.0))()
    assert found.answer is answer
    assert (answer is Answer.OK) or "daemon_1" in str(found.detail)


def test_a_daemon_that_does_not_run_is_not_well() -> None:
    assert daemon_probe(1, lambda: None)().answer is Answer.REFUSED


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"data": null}', b'{"errors": []}'])
def test_an_answer_that_cannot_be_read_is_a_refusal(body: bytes) -> None:
    with answering(body) as port:
        found = daemon_probe(port, lambda: started_at_moment(10.0))()
    assert found.answer is Answer.REFUSED
    assert "cannot be read" in str(found.detail)
