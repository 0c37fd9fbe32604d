import os
import socket
from collections.abc import Iterator

import pytest

from resources.errors import BadInput, Conflict, ExitCode
from resources.ports import LOOPBACK
from trainplat_cli.supervisor import ports
from trainplat_cli.supervisor.model import PartName
from trainplat_cli.supervisor.ports import USUAL_PORTS, Ports, holder_of, listens, port_variable


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_each_part_gets_a_port_of_its_own() -> None:
    with Ports().choose() as chosen:
        assert set(chosen.chosen) == set(USUAL_PORTS)
        assert len(set(chosen.chosen.values())) == len(USUAL_PORTS)


def test_two_supervisors_that_choose_at_once_never_choose_the_same_port() -> None:
    with Ports().choose() as one, Ports().choose() as other:
        assert not set(one.chosen.values()) & set(other.chosen.values())


def test_a_port_is_free_for_others_when_its_stack_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    with Ports().choose([PartName.MLFLOW]) as chosen:
        port = chosen.chosen[PartName.MLFLOW]
    monkeypatch.setenv("TRAINPLAT_MLFLOW_PORT", str(port))
    with Ports().choose([PartName.MLFLOW]) as chosen:
        assert chosen.chosen[PartName.MLFLOW] == port


def test_a_usual_port_that_is_taken_is_passed_over(busy_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "USUAL_PORTS", {PartName.MLFLOW: busy_port})
    with Ports().choose([PartName.MLFLOW]) as chosen:
        assert busy_port < chosen.chosen[PartName.MLFLOW] < busy_port + ports.TRIED_PORTS


def test_it_says_so_when_no_port_is_free(busy_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "USUAL_PORTS", {PartName.MLFLOW: busy_port})
    monkeypatch.setattr(ports, "TRIED_PORTS", 1)
    with pytest.raises(Conflict, match=f"no port from {busy_port} to {busy_port} is free for mlflow"):
        Ports().choose([PartName.MLFLOW])


def test_a_configured_port_that_is_taken_names_its_holder(
    busy_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_LABEL_STUDIO_PORT", str(busy_port))
    with pytest.raises(Conflict) as refused:
        Ports().choose()
    assert f"port {busy_port}" in refused.value.problem
    assert "TRAINPLAT_LABEL_STUDIO_PORT" in refused.value.problem
    assert f"process {os.getpid()}" in refused.value.problem
    assert "set TRAINPLAT_LABEL_STUDIO_PORT to another port" in refused.value.next_step
    assert refused.value.exit_code is ExitCode.CONFLICT


def test_a_refusal_holds_no_port(busy_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = Ports()
    monkeypatch.setenv("TRAINPLAT_LABEL_STUDIO_PORT", str(busy_port))
    with pytest.raises(Conflict):
        chosen.choose()
    assert chosen.chosen == {}


def test_two_parts_cannot_have_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    for part in (PartName.MLFLOW, PartName.DAGSTER):
        monkeypatch.setenv(port_variable(part), "45001")
    with pytest.raises(Conflict, match="both say 45001"):
        Ports().choose()


@pytest.mark.parametrize("value", ["", "0", "65536", "-1", "http", "80 80", "٣٠٠٠"])
def test_a_bad_port_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_STREAMLIT_PORT", value)
    with pytest.raises(BadInput, match=r"TRAINPLAT_STREAMLIT_PORT is .*; expected a port"):
        Ports().choose()


def test_the_holder_of_a_port_that_nobody_holds_is_not_named() -> None:
    with socket.socket() as unused:
        unused.bind((LOOPBACK, 0))
        assert str(holder_of(unused.getsockname()[1])) == "another program"


def test_it_is_seen_who_listens(busy_port: int) -> None:
    assert listens([os.getpid()], busy_port)
    assert not listens([os.getppid()], busy_port)
    assert not listens([2**22 + 1], busy_port)
