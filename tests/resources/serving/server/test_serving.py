"""A real server over HTTP: what clients see while versions come, fail and go, and while processes die."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest

from resources.deploy_plan import DeployPlan, Strategy
from resources.errors import BadInput, Conflict, NotFound, Unavailable
from resources.home import Home
from resources.serving.client import ModelClient
from resources.serving.deployments.model import EventKind, Served
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import parse_reference
from resources.serving.running import Record, begin, running
from resources.serving.scaling.records.service import ScalingRecords
from resources.terms import DatasetName
from tests.resources.serving.examples import ACTOR, NAME
from tests.resources.serving.homes import SAMPLES, saying, saying_nothing, served

QUICK = DeployPlan(step_s=0.5, least_requests=20)
LIMIT_S = 60
FIRST, EXPECTED = "input 'samples' has the shape", "expected [-1, 8, 8], where -1 is any number from 1"


@contextmanager
def server(home: Path) -> Iterator[Record]:
    begun = begin(Home(home), leave_after_s=LIMIT_S)
    try:
        yield begun
    finally:
        os.kill(begun.process.pid, signal.SIGTERM)
        while begun.process.is_alive():
            time.sleep(0.05)
    assert running(Home(home)) is None


def promote(
    service: DeploymentService, number: int, plan: DeployPlan = QUICK, name: DatasetName = NAME
) -> None:
    service.promote(parse_reference(f"{name}:{number}"), ACTOR, "a test", declared=plan)


class Load:
    """Somebody who asks all the time, and what they were told."""

    def __init__(self, home: Path) -> None:
        self.answers: list[tuple[str, str]] = []
        self._home = Home(home)
        self._ends = False
        self._pool = ThreadPoolExecutor(2)

    def __enter__(self) -> "Load":
        self._asking = [self._pool.submit(self._ask) for _ in range(2)]
        return self

    def __exit__(self, *_: object) -> None:
        self._ends = True
        for one in self._asking:
            one.result()

    def _ask(self) -> None:
        with ModelClient(home=self._home) as client:
            while not self._ends:
                answer = client.ask("digits", SAMPLES)
                assert len(set(answer.labels)) == 1
                self.answers.append((answer.model, answer.labels[0]))

    def until_settled(self, service: DeploymentService) -> Served | None:
        deadline = time.monotonic() + LIMIT_S
        while service.state("digits").rollout is not None:
            assert time.monotonic() < deadline, service.history()[-1]
            time.sleep(0.05)
        live, before = service.state("digits").live, len(self.answers)
        while len(self.answers) < before + 30 or self.answers[-1][0] != f"digits:{live}":
            assert time.monotonic() < deadline, self.answers[-1]
            time.sleep(0.02)
        return live


def test_versions_come_and_go_and_no_client_gets_a_wrong_answer_or_none(trainplat_home: Path) -> None:
    service = served(trainplat_home, {1: saying(1), 2: saying(1), 3: saying_nothing(), 4: b"garbage"})
    promote(service, 1)
    with server(trainplat_home), Load(trainplat_home) as load:
        promote(service, 2)
        assert load.until_settled(service) == Served(2)
        promote(service, 3)
        assert load.until_settled(service) == Served(2)
        promote(service, 4)
        assert load.until_settled(service) == Served(2)
        with ModelClient(home=Home(trainplat_home)) as client:
            for model in client.status()["models"]:
                for replica in model["replicas"]:
                    os.kill(replica["pid"], signal.SIGKILL)
        service.rollback("digits", ACTOR)
        assert load.until_settled(service) == Served(1)
    assert {label for _, label in load.answers} == {"1"}
    assert {model for model, _ in load.answers} == {"digits:1", "digits:2"}
    ends = [event for event in service.history() if event.kind is EventKind.ABORTED]
    assert "requests failed" in ends[0].why
    assert "7 bytes are not the weights of a model" in ends[1].why
    assert service.verify() == []


@pytest.mark.slow
@pytest.mark.parametrize("strategy", Strategy)
def test_each_strategy_switches_without_a_failed_request(trainplat_home: Path, strategy: Strategy) -> None:
    service = served(trainplat_home, {1: saying(1), 2: saying(1)})
    promote(service, 1)
    plan = DeployPlan(strategy=strategy, step_s=0.5, least_requests=20)
    with server(trainplat_home), Load(trainplat_home) as load:
        promote(service, 2, plan)
        assert load.until_settled(service) == Served(2)
    assert {model for model, _ in load.answers} == {"digits:1", "digits:2"}
    assert {label for _, label in load.answers} == {"1"}
    seen = [model for model, _ in load.answers]
    if strategy in (Strategy.SHADOW, Strategy.BLUE_GREEN):
        assert seen.index("digits:2") > len(seen) - seen[::-1].index("digits:1") - 5  # all at once


@pytest.mark.slow
def test_a_version_that_says_something_else_is_taken_back_by_itself(trainplat_home: Path) -> None:
    service = served(trainplat_home, {1: saying(1), 5: saying(5)})
    promote(service, 1)
    with server(trainplat_home), Load(trainplat_home) as load:
        promote(service, 5)
        assert load.until_settled(service) == Served(1)
    event = service.history()[-1]
    assert event.kind is EventKind.ABORTED
    assert "answers differ from the live version's; 20% is allowed" in event.why


def test_bad_requests_are_told_what_is_wrong_and_others_go_on(trainplat_home: Path) -> None:
    service = served(trainplat_home, {1: saying(1), 4: b"garbage"})
    promote(service, 1)
    with server(trainplat_home) as begun, ModelClient(begun.address, patience_s=1) as client:
        for reference, samples, kind, said in (
            ("digits", np.zeros((1, 5, 5)), BadInput, "has the shape [1, 5, 5]; expected [-1, 8, 8]"),
            ("digits", SAMPLES.astype(int) + 300, BadInput, "holds values from 300"),
            ("digits:9", SAMPLES, NotFound, "has no version or tag '9'; there is"),
            ("birds", SAMPLES, NotFound, "no model is named 'birds'; there is digits"),
            ("digits:4", SAMPLES, BadInput, "cannot be loaded: 7 bytes are not the weights"),
            (".digits", SAMPLES, BadInput, "a model cannot be asked by the name '.digits'"),
        ):
            with pytest.raises(kind) as refused:
                client.ask(reference, samples)
            assert said in refused.value.problem
            assert refused.value.next_step
        assert client.ask("digits", SAMPLES).labels == ["1"] * 3
        assert client.ask("digits:v1.0+int8", SAMPLES).model == "digits:1+int8"
        assert client.metadata("digits").inputs[0].shape == (-1, 8, 8)
        _refusals_over_http(begun.address)
        with pytest.raises(Unavailable, match="no model server runs on this home"):
            ModelClient(home=Home(trainplat_home / "other"), patience_s=0).status()


def _refusals_over_http(address: str) -> None:
    asked = {"inputs": SAMPLES.tolist()}
    scored = httpx.post(f"{address}/models/digits/invocations", json=asked)
    assert scored.json()["predictions"]["label"] == ["1"] * 3
    assert httpx.post(f"{address}/invocations", json=asked).json() == scored.json()
    large = httpx.post(f"{address}/v2/models/digits/infer", content=b"x" * (65 << 20))
    assert large.status_code == 413
    assert "68,157,440 bytes; at most 67,108,864 are read" in large.json()["error"]
    odd = httpx.post(f"{address}/models/digits/invocations", content=b"{")
    assert (odd.status_code, odd.json()["error_code"]) == (400, "BAD_REQUEST")
    for path in ("/nothing", "/v2/models/digits/1/2"):
        assert httpx.get(address + path).status_code == 404
    assert httpx.get(f"{address}/v2/health/ready").json() == {"ready": True}
    assert httpx.get(f"{address}/v2/models/digits/ready").json() == {"name": "digits", "ready": True}
    assert httpx.get(f"{address}/v2/models/birds/ready").status_code == 503
    index = httpx.post(f"{address}/v2/repository/index").json()
    assert {"name": "digits", "version": "1", "state": "READY"}.items() <= index[0].items()
    unloaded = httpx.post(f"{address}/v2/repository/models/digits:v1.0+int8/unload").json()
    assert unloaded == {"unloaded": ["digits:1+int8"]}
    _answers_by_method_and_header(address)


def _answers_by_method_and_header(address: str) -> None:
    infer, score = f"{address}/v2/models/digits/infer", f"{address}/models/digits/invocations"
    head = httpx.head(f"{address}/v2/health/live")
    assert (head.status_code, head.content) == (200, b"")
    for method, url, allowed in (
        ("GET", infer, "POST"),
        ("OPTIONS", score, "POST"),
        ("DELETE", f"{address}/v2/models/digits", "GET"),
    ):
        refused = httpx.request(method, url)
        assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    for headers, said in (
        ({"content-encoding": "gzip"}, "the body is encoded as 'gzip'; expected no encoding"),
        ({"inference-header-content-length": "2"}, "binary tensors after its JSON; expected JSON alone"),
    ):
        refused = httpx.post(infer, content=b"{}", headers=headers)
        assert refused.status_code == 415
        assert said in refused.json()["error"]
    table = httpx.post(score, content=b"a\nx\n", headers={"content-type": "text/csv; charset=utf-8"})
    assert (table.status_code, table.json()["error"]) == (400, f"{FIRST} [1]; {EXPECTED}")
    long = httpx.post(f"{address}/models/{'a' * 5000}/invocations", json={"inputs": [1]})
    assert (long.status_code, "aaa...'; expected at most 100 characters" in long.json()["error"]) == (
        400,
        True,
    )
    for path, ready in (("digits/versions/1", 200), ("digits:9", 503), ("digits/versions/9", 503)):
        assert httpx.get(f"{address}/v2/models/{path}/ready").status_code == ready
    assert httpx.post(f"{address}/v2/repository/models/digits+int8/load").json()["name"] == "digits:1+int8"
    unloaded = httpx.post(f"{address}/v2/repository/models/digits+int8/unload").json()
    assert unloaded == {"unloaded": ["digits:1+int8"]}


@pytest.mark.slow
def test_a_server_that_is_killed_leaves_no_replica_and_the_next_one_goes_on(trainplat_home: Path) -> None:
    service = served(trainplat_home, {1: saying(1)})
    promote(service, 1)
    first = begin(Home(trainplat_home), leave_after_s=LIMIT_S)
    with ModelClient(home=Home(trainplat_home)) as client:
        assert client.ask("digits", SAMPLES).labels == ["1"] * 3
        pids = [one["pid"] for model in client.status()["models"] for one in model["replicas"]]
        os.kill(pids[0], signal.SIGSTOP)  # and one that cannot see it
        os.kill(first.process.pid, signal.SIGKILL)
        while any(Path(f"/proc/{pid}").exists() for pid in pids):
            time.sleep(0.05)
        with server(trainplat_home) as second:
            assert second.address != first.address
            assert client.ask("digits", SAMPLES).labels == ["1"] * 3


@pytest.mark.slow
def test_a_server_that_is_leaving_answers_what_it_was_asked_and_the_next_one_is_waited_for(
    trainplat_home: Path,
) -> None:
    service = served(trainplat_home, {1: saying(1)})
    promote(service, 1)
    home = Home(trainplat_home)
    first = begin(home, leave_after_s=LIMIT_S)
    with ModelClient(first.address, patience_s=0) as client, ThreadPoolExecutor(2) as others:
        assert client.ask("digits", SAMPLES).labels == ["1"] * 3
        (model,) = client.status()["models"]
        os.kill(model["replicas"][0]["pid"], signal.SIGSTOP)
        asked = others.submit(client.ask, "digits", SAMPLES)
        while not httpx.get(f"{first.address}/status").json()["models"][0]["replicas"][0]["busy_for_s"]:
            time.sleep(0.05)
        os.kill(first.process.pid, signal.SIGTERM)
        while _is_there(first.address):
            time.sleep(0.05)
        next_one = others.submit(begin, home, leave_after_s=LIMIT_S)
        os.kill(model["replicas"][0]["pid"], signal.SIGCONT)
        assert asked.result().labels == ["1"] * 3
        second = next_one.result()
        assert second.process.pid != first.process.pid
        with server(trainplat_home) as same, ModelClient(home=home) as anew:
            assert same == second
            assert anew.ask("digits", SAMPLES).labels == ["1"] * 3


def _is_there(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health").is_success
    except httpx.TransportError:
        return False


@pytest.mark.slow
def test_a_second_server_and_a_port_that_is_taken_are_refused_with_who_is_there(trainplat_home: Path) -> None:
    served(trainplat_home, {1: saying(1)})
    with server(trainplat_home) as first:
        port = first.address.rpartition(":")[2]
        for home, wanted, said in (
            (trainplat_home, "0", f"runs already at {first.address}, process {first.process.pid}"),
            (
                trainplat_home / "other",
                port,
                f"port {port} of 127.0.0.1 cannot be listened on: Address already",
            ),
        ):
            refused = subprocess.run(
                [sys.executable, "-m", "resources.serving.server", "--port", wanted],
                env={**os.environ, "TRAINPLAT_HOME": str(home)},
                capture_output=True,
                text=True,
                check=False,
            )
            assert said in refused.stderr
            assert refused.returncode == int(Conflict.exit_code)


@pytest.mark.slow
def test_a_model_that_nobody_asks_is_unloaded_and_comes_back_with_the_next_request(
    trainplat_home: Path,
) -> None:
    service = served(trainplat_home, {1: saying(1)})
    promote(service, 1, DeployPlan(idle_s=1.0))
    with server(trainplat_home), ModelClient(home=Home(trainplat_home)) as client:
        assert client.ask("digits", SAMPLES).labels == ["1"] * 3
        deadline = time.monotonic() + LIMIT_S
        while any(model["replicas"] for model in client.status()["models"]):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert client.ask("digits", SAMPLES).labels == ["1"] * 3
        (model,) = client.status()["models"]
        assert 0 < model["replicas"][0]["ready_after_s"] < LIMIT_S


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_asked_to_end_writes_what_it_decided_and_lets_all_go(
    trainplat_home: Path, number: signal.Signals
) -> None:
    home = Home(trainplat_home)
    promote(served(trainplat_home, {1: saying(1)}), 1, DeployPlan(least_replicas=2, most_replicas=2))
    begun = begin(home, leave_after_s=LIMIT_S)
    with ModelClient(home=home) as client:
        assert client.ask("digits", SAMPLES).labels == ["1"] * 3
        (model,) = client.status()["models"]
    os.kill(begun.process.pid, number)
    wait_for(lambda: not begun.process.is_alive())
    wait_for(lambda: not any(Path(f"/proc/{one['pid']}").exists() for one in model["replicas"]))
    assert not (home.run / "serving.json").exists()
    assert running(home) is None
    steps = ScalingRecords(home, home.database()).steps("digits")
    assert [step.decision.wanted for step in steps] == [2]


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
