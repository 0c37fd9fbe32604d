"""Registers a model in processes that are killed or race, and says what is left. Run as a program:

``python -m tests.resources.registry.kills HOME few|all|race``, with ``TRAINPLAT_MLFLOW_URL`` for a server.

It forks a child for each attempt, so that the heavy imports are paid once. Prints one JSON object a line.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import mlflow.artifacts
import mlflow.pytorch
import mlflow.store.model_registry.sqlalchemy_store
import mlflow.store.tracking.sqlalchemy_store
import torch
import urllib3.connection

from resources.home import Home
from resources.registry import service as service_module
from resources.registry.client import Mlflow
from resources.terms import DatasetName
from tests.resources.registry.examples import ACTOR, candidate, service

Watch = Callable[[], Iterator[dict[str, Any]]]
"""Yields once: what it saw."""

CALLS = (
    "search_model_versions",
    "get_experiment_by_name",
    "create_experiment",
    "create_run",
    "create_logged_model",
    "log_batch",
    "log_model_artifacts",
    "finalize_logged_model",
    "create_registered_model",
    "create_model_version",
    "search_runs",
    "set_terminated",
)
"""Every call of MLflow's client that registering makes."""


def main(home: Path, mode: str) -> None:
    """Try every moment, some of them, or two processes at once."""
    torch.set_num_threads(1)
    if mode == "race":
        for locked in (True, False):
            _report(_race(home, f"race_{locked}".lower(), locked=locked))
        return
    answer = _child(lambda: _register(home, f"unharmed_{mode}", _counting()))
    moments = [("before", call) for call in answer["calls"]] + [("database", 1)]
    if Home(home).addresses().mlflow:
        moments += [("in flight", ordinal) for ordinal in range(1, answer["requests"] + 1)]
    if mode == "few":
        chosen = {("before", "create_model_version#1"), ("before", "search_runs#1"), ("database", 1)}
        late = ("in flight", answer["version_request"])
        moments = [moment for moment in moments if moment in chosen or moment == late]
    for number, moment in enumerate(moments):
        _report(_killed(home, f"killed_{mode}_{number}", moment))


def _report(found: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def _killed(home: Path, dataset: str, moment: tuple[str, Any]) -> dict[str, Any]:
    first = _child(lambda: _register(home, dataset, _killing(moment)))
    again = _child(lambda: _register(home, dataset, _counting()))
    left: dict[str, Any] = _child(lambda: _left(home, dataset))
    return left | {"moment": str(moment), "killed": first is None, "again": again["number"]}


def _race(home: Path, dataset: str, *, locked: bool) -> dict[str, Any]:
    def attempt() -> dict[str, Any]:
        if not locked:  # as on two machines, which share no lock file
            service_module.RegistryService._lock = _no_lock  # type: ignore[method-assign, assignment]
        return _register(home, dataset, _counting())

    running = [_start(attempt) for _ in range(2)]
    answers = [_wait(*one) for one in running]
    numbers = [answer["number"] if answer else None for answer in answers]
    left: dict[str, Any] = _child(lambda: _left(home, dataset))
    return left | {"locked": locked, "numbers": numbers}


def _register(home: Path, dataset: str, watch: Watch) -> dict[str, Any]:
    with contextmanager(watch)() as seen:
        done = service(home).register(candidate(dataset), ACTOR)
    return {"number": done.model.number, "created": done.created} | seen


def _left(home: Path, dataset: str) -> dict[str, Any]:
    """What there is in MLflow and in our tables, after one more look."""
    registry, name = service(home), DatasetName(dataset)
    snapshot = candidate(dataset).snapshot_id
    found = registry.find(name, snapshot, ACTOR)
    versions = Mlflow(registry.home).versions(name, snapshot)
    address = registry.home.addresses().mlflow or f"sqlite:///{home / 'mlflow' / 'mlflow.db'}"
    client = mlflow.MlflowClient(address, address)
    experiment = client.get_experiment_by_name(dataset)
    runs = client.search_runs([experiment.experiment_id]) if experiment else []
    return {
        "versions": [version.number for version in versions],
        "row": registry.model_of(name, snapshot) == found,
        "weights": found is not None and len(registry.weights(found)) > 0,
        "runs": sorted(run.info.status for run in runs),
    }


def _counting() -> Watch:
    def watch() -> Iterator[dict[str, Any]]:
        calls: list[str] = []
        requests: list[str] = []
        seen: dict[str, Any] = {"calls": calls, "requests": 0, "version_request": 0}

        def called(name: str) -> None:
            calls.append(f"{name}#{sum(1 for one in calls if one.startswith(f'{name}#')) + 1}")

        def sent(url: str) -> None:
            requests.append(url)
            seen["requests"] = len(requests)
            if url.endswith("/model-versions/create"):
                seen["version_request"] = len(requests)

        _watch(called, sent)
        yield seen

    return watch


def _killing(moment: tuple[str, Any]) -> Watch:
    kind, which = moment

    def watch() -> Iterator[dict[str, Any]]:
        calls: list[str] = []
        requests: list[str] = []

        def called(name: str) -> None:
            calls.append(name)
            if kind == "before" and f"{name}#{calls.count(name)}" == which:
                os.kill(os.getpid(), signal.SIGKILL)

        def sent(url: str) -> None:
            requests.append(url)
            if kind == "in flight" and len(requests) == which:
                os.kill(os.getpid(), signal.SIGKILL)

        if kind == "database":
            setattr(service_module, "record", lambda *_: os.kill(os.getpid(), signal.SIGKILL))  # noqa: B010
        _watch(called, sent)
        yield {}

    return watch


def _watch(called: Callable[[str], None], sent: Callable[[str], None]) -> None:
    """Tell of each call of MLflow's client before it begins, and of each request when it is sent."""
    for name in CALLS:
        setattr(mlflow.MlflowClient, name, _told(getattr(mlflow.MlflowClient, name), name, called))
    connection = urllib3.connection.HTTPConnection
    request = connection.request

    def told_request(self: Any, method: str, url: str, *arguments: Any, **options: Any) -> None:
        request(self, method, url, *arguments, **options)
        sent(url.split("?", maxsplit=1)[0])

    connection.request = told_request  # type: ignore[method-assign]


def _told(function: Callable[..., Any], name: str, called: Callable[[str], None]) -> Callable[..., Any]:
    def wrapper(*arguments: Any, **options: Any) -> Any:
        called(name)
        return function(*arguments, **options)

    return wrapper


@contextmanager
def _no_lock(_self: Any, _dataset: str) -> Iterator[None]:
    yield


def _child(work: Callable[[], Any]) -> Any:
    """What ``work`` returns in a process of its own, or None when that process was killed."""
    return _wait(*_start(work))


def _start(work: Callable[[], Any]) -> tuple[int, int]:
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return pid, read
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        json.dump(work(), pipe)
    os._exit(0)


def _wait(pid: int, read: int) -> Any:
    with os.fdopen(read) as pipe:
        text = pipe.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return None
    if os.waitstatus_to_exitcode(status) or not text:
        raise RuntimeError(f"a child ended with {os.waitstatus_to_exitcode(status)} and said {text!r}")
    return json.loads(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
