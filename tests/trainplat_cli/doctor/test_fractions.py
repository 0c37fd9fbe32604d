from collections.abc import Iterable
from pathlib import Path

import pytest

from resources.errors import Unavailable
from resources.gpu.enforcement import sharing
from resources.gpu.enforcement.sharing import ComputeMode, Sharing
from resources.gpu.inventory.model import DeviceId
from resources.home import Home
from tests.resources.gpu.enforcement.mps_on_path import put_mps_on_path
from trainplat_cli.doctor.fractions import fractions
from trainplat_cli.doctor.model import Finding, Verdict

GPU = DeviceId("cuda:0")


def only(findings: Iterable[Finding]) -> Finding:
    (finding,) = findings
    return finding


@pytest.fixture(autouse=True)
def _card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_ACCELERATOR", "auto")
    has(monkeypatch, Sharing(GPU, (8, 0), ComputeMode.DEFAULT))


def has(monkeypatch: pytest.MonkeyPatch, *cards: Sharing) -> None:
    """NVML is looked at in test_sharing; here it is the sentence that counts."""
    monkeypatch.setattr(sharing, "read_sharing", lambda: {one.device_id: one for one in cards})


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
    has(monkeypatch, Sharing(GPU, (6, 0), ComputeMode.DEFAULT))
    found = only(fractions(Home(trainplat_home)))
    assert (found.verdict, found.detail[:22]) == (Verdict.WARNING, "cooperative on cuda:0:")


def test_with_the_program_fractions_are_limited(
    tmp_path: Path, trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_mps_on_path(tmp_path / "bin", monkeypatch)
    found = only(fractions(Home(trainplat_home)))
    assert (found.verdict, found.detail) == (Verdict.WELL, "limited by MPS, which runs with the first one")


def test_a_driver_that_is_silent_is_told(trainplat_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent() -> dict[DeviceId, Sharing]:
        raise Unavailable("NVML does not answer", "Run nvidia-smi.")

    monkeypatch.setattr(sharing, "read_sharing", silent)
    assert only(fractions(Home(trainplat_home))).verdict is Verdict.ILL


def test_a_machine_without_gpus_has_no_such_line(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(monkeypatch)
    assert list(fractions(Home(trainplat_home))) == []
    monkeypatch.setenv("TRAINPLAT_ACCELERATOR", "cpu")
    has(monkeypatch, Sharing(GPU))
    assert list(fractions(Home(trainplat_home))) == []
