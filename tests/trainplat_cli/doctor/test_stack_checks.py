import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from resources.clock import utc_now
from resources.home import Home, read_or_make_secrets
from resources.process import ProcessIdentity
from tests.trainplat_cli.supervisor.test_probes import answering
from trainplat_cli.doctor import stack_checks
from trainplat_cli.doctor.model import Verdict
from trainplat_cli.supervisor.detail import Detail
from trainplat_cli.supervisor.marked import MARK_VARIABLE, mark_of
from trainplat_cli.supervisor.model import PartName, PartState, PartStatus, StackPhase, StackStatus
from trainplat_cli.supervisor.ports import USUAL_PORTS
from trainplat_cli.supervisor.record import only_supervisor, write_status


@pytest.fixture
def home(trainplat_home: Path) -> Home:
    return Home(trainplat_home)


def test_free_ports_are_well_and_a_taken_one_is_ill(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [found.verdict for found in stack_checks.ports(home)] == [Verdict.WELL]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        monkeypatch.setenv("TRAINPLAT_MLFLOW_PORT", str(listener.getsockname()[1]))
        (found,) = stack_checks.ports(home)
    assert found.verdict is Verdict.ILL
    assert "TRAINPLAT_MLFLOW_PORT" in found.next_step


def test_usual_ports_that_are_taken_are_only_mentioned(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        monkeypatch.setitem(cast(dict[PartName, int], USUAL_PORTS), PartName.MLFLOW, taken)
        (found,) = stack_checks.ports(home)
    assert found.verdict is Verdict.WELL
    assert "the usual ones are taken; free ones: " in found.detail
    assert "mlflow" in found.detail


def test_a_running_stack_is_not_asked_for_free_ports_or_left_overs(home: Home) -> None:
    with only_supervisor(home):
        assert list(stack_checks.ports(home)) == []
        assert list(stack_checks.left_overs(home)) == []


def test_left_overs_are_counted(home: Home) -> None:
    assert list(stack_checks.left_overs(home)) == []
    left = subprocess.Popen(
        [sys.executable, "-c", "print(1, flush=True); import time; time.sleep(600)"],
        env={**os.environ, MARK_VARIABLE: mark_of(home.path, "one")},
        stdout=subprocess.PIPE,
    )
    assert left.stdout is not None
    left.stdout.readline()
    (found,) = stack_checks.left_overs(home)
    left.kill()
    left.wait()
    left.stdout.close()
    assert found.verdict is Verdict.ILL
    assert found.detail == "1 process of a killed stack is left"


def test_parts_are_judged_by_their_state(home: Home) -> None:
    def part(state: PartState, detail: str = "") -> PartStatus:
        return PartStatus(
            PartName.MLFLOW, state, utc_now(), home.logs / "mlflow.log", "http://m", detail=Detail(detail)
        )

    parts = (part(PartState.READY), part(PartState.STARTING), part(PartState.RESTARTING, "killed"))
    stack = StackStatus(ProcessIdentity.current(), "one", StackPhase.RUNNING, utc_now(), parts)
    write_status(home, stack)
    found = list(stack_checks.parts(home))
    assert [one.verdict for one in found] == [Verdict.WELL, Verdict.WARNING, Verdict.ILL]
    assert found[2].detail == "restarting: killed"
    assert str(home.logs / "mlflow.log") in found[2].next_step


def test_without_an_address_no_token_is_tried(home: Home) -> None:
    assert list(stack_checks.label_studio_token(home)) == []


@pytest.mark.parametrize(
    ("status", "said"), [(401, "HTTP 401"), (200, "HTTP 200")], ids=["a refused token", "not Label Studio"]
)
def test_a_token_that_does_not_work_says_where_to_put_one(
    status: int, said: str, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_or_make_secrets(home)
    with answering(b"<html>", status) as port:
        monkeypatch.setenv("TRAINPLAT_LABEL_STUDIO_URL", f"http://127.0.0.1:{port}")
        (found,) = stack_checks.label_studio_token(home)
    assert found.verdict is Verdict.ILL
    assert said in found.detail
    assert str(home.secrets_file) in found.next_step


def test_a_label_studio_that_is_down_is_ill(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    read_or_make_secrets(home)
    monkeypatch.setenv("TRAINPLAT_LABEL_STUDIO_URL", "http://127.0.0.1:1")
    (found,) = stack_checks.label_studio_token(home)
    assert found.verdict is Verdict.ILL
    assert "does not answer" in found.detail
