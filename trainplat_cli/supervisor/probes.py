"""Asking the parts whether they are well. Plain library calls: the supervisor stays small."""

import http.client
import json
import time
from collections.abc import Callable
from typing import Any

from resources.ports import LOOPBACK
from resources.process import ProcessIdentity
from resources.texts import mark
from trainplat_cli.supervisor.detail import Detail
from trainplat_cli.supervisor.model import Answer, Probe, ProbeResult

TIMEOUT_S = 5.0
OK = ProbeResult(Answer.OK)
NOT_LOADED = "No available client to code server"
"""How the code server says that the code failed when it was loaded."""
DOES_NOT_RUN = mark("it does not run")
DAEMONS = """{ instance { daemonHealth { allDaemonStatuses {
    daemonType required lastHeartbeatTime } } } }"""


def http_probe(port: int, path: str, *, timeout_s: float = TIMEOUT_S) -> Probe:
    """Well when a GET of ``path`` is answered with a status below 400."""
    return lambda: _asked(lambda: _get(port, path, timeout_s))


def code_server_probe(port: int, *, timeout_s: float = TIMEOUT_S) -> Probe:
    """Well when the process behind the code server, which holds the user's code, answers a ping."""

    def ask() -> ProbeResult:
        import grpc  # type: ignore[import-untyped]

        with grpc.insecure_channel(f"{LOOPBACK}:{port}", options=[("grpc.enable_http_proxy", 0)]) as channel:
            try:
                channel.unary_unary("/api.DagsterApi/Ping")(b"", timeout=timeout_s)
            except grpc.RpcError as problem:
                if problem.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                    return _silent(timeout_s)
                if NOT_LOADED in (problem.details() or ""):
                    # Starting it again would not mend the code; reloading it in Dagster's page may.
                    return ProbeResult(
                        Answer.SILENT, Detail(mark("the code does not load; its log says why"))
                    )
                return ProbeResult(Answer.REFUSED, f"gRPC {problem.code().name.lower()}")
        return OK

    return ask


def daemon_probe(web_port: int, process: Callable[[], ProcessIdentity | None]) -> Probe:
    """Well when each daemon that the instance needs has given a sign of life since ``process`` started.

    The signs are in the instance, where the web server reads them for us; those of a daemon that was killed
    count as fresh for half an hour, so they are compared with the start of the process.
    """

    def ask() -> ProbeResult:
        identity = process()
        if identity is None:
            return ProbeResult(Answer.REFUSED, "it does not run")
        return _asked(lambda: _daemons_alive_since(web_port, time.time() - identity.age_s()))

    return ask


def _daemons_alive_since(web_port: int, started_at_s: float) -> ProbeResult:
    answer = _post(web_port, "/graphql", {"query": DAEMONS}, TIMEOUT_S)
    statuses = answer["data"]["instance"]["daemonHealth"]["allDaemonStatuses"]
    waiting = sorted(
        str(status["daemonType"]).lower()
        for status in statuses
        if status["required"] and (status["lastHeartbeatTime"] or 0.0) < started_at_s
    )
    if waiting:
        return ProbeResult(
            Answer.SILENT, Detail(mark("no sign of life yet of {daemons}"), {"daemons": ", ".join(waiting)})
        )
    return OK


def _asked(question: Callable[[], ProbeResult]) -> ProbeResult:
    try:
        return question()
    except TimeoutError:
        return _silent(TIMEOUT_S)
    except (OSError, http.client.HTTPException) as problem:
        return ProbeResult(Answer.REFUSED, str(problem) or type(problem).__name__)
    except (ValueError, KeyError, TypeError) as problem:
        return ProbeResult(
            Answer.REFUSED, Detail(mark("its answer cannot be read: {problem}"), {"problem": str(problem)})
        )


def _silent(timeout_s: float) -> ProbeResult:
    return ProbeResult(Answer.SILENT, Detail(mark("no answer within {seconds:g} s"), {"seconds": timeout_s}))


def _get(port: int, path: str, timeout_s: float) -> ProbeResult:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=timeout_s)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        status = connection.getresponse().status
    finally:
        connection.close()
    if status < 400:
        return OK
    return ProbeResult(
        Answer.REFUSED, Detail(mark("HTTP {status} for {path}"), {"status": status, "path": path})
    )


def _post(port: int, path: str, body: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=timeout_s)
    try:
        headers = {"Content-Type": "application/json", "Connection": "close"}
        connection.request("POST", path, json.dumps(body), headers)
        return dict(json.loads(connection.getresponse().read()))
    finally:
        connection.close()
