from collections.abc import Iterable
from pathlib import Path

import pytest

from resources.errors import Unavailable
from resources.gpu.inventory import nvml
from resources.gpu.inventory.model import Device, DeviceId, Vendor
from resources.gpu.inventory.source import Found, Missing
from resources.home import Home
from tests.resources.gpu.enforcement.mps_on_path import put_mps_on_path
from trainplat_cli.doctor.fractions import fractions
from trainplat_cli.doctor.model import Finding, Verdict


def card(capability: tuple[int, int]) -> Device:
    return Device(DeviceId("cuda:0"), "GPU", 1, vendor=Vendor.NVIDIA, compute_capability=capability)


def only(findings: Iterable[Finding]) -> Finding:
    (finding,) = findings
    return finding


@pytest.fixture(autouse=True)
def _card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_ACCELERATOR", "auto")
    has(monkeypatch, card((8, 0)))


def has(monkeypatch: pytest.MonkeyPatch, *cards: Device) -> None:
    """NVML is looked at in test_nvml; here it is the sentence that counts."""
    monkeypatch.setattr(nvml, "find", lambda: Found("580", cards) if cards else Missing("no driver"))


def test_without_the_program_fractions_are_cooperative(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    found = only(fractions(Home(trainplat_home)))
    assert found.verdict is Verdict.WARNING
    assert "cooperative: nvidia-cuda-mps-control is not installed" in found.detail


def test_cards_that_mps_cannot_limit_are_named(
    tmp_path: Path, trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_mps_on_path(tmp_path / "bin", monkeypatch)
    has(monkeypatch, card((6, 0)))
    found = only(fractions(Home(trainplat_home)))
    assert (found.verdict, found.detail[:22]) == (Verdict.WARNING, "cooperative on cuda:0:")


def test_with_the_program_fractions_are_limited(
    tmp_path: Path, trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_mps_on_path(tmp_path / "bin", monkeypatch)
    found = only(fractions(Home(trainplat_home)))
    assert (found.verdict, found.detail) == (Verdict.WELL, "limited by MPS, which runs with the first one")


def test_a_driver_that_is_silent_is_told(trainplat_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent() -> Found:
        raise Unavailable("NVML does not answer", "Run nvidia-smi.")

    monkeypatch.setattr(nvml, "find", silent)
    assert only(fractions(Home(trainplat_home))).verdict is Verdict.ILL


def test_a_machine_without_gpus_has_no_such_line(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(monkeypatch)
    assert list(fractions(Home(trainplat_home))) == []
    monkeypatch.setenv("TRAINPLAT_ACCELERATOR", "cpu")
    has(monkeypatch, card((8, 0)))
    assert list(fractions(Home(trainplat_home))) == []
