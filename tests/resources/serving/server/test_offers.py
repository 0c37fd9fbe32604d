"""A replica on a card: which one it sees, how busy that is, and how many more there are."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from resources.gpu.environment import torch_device
from resources.gpu.inventory.visible import visible_devices
from tests.resources.gpu.inventory.conftest import compile_nvml
from tests.resources.serving.homes import saying

CARDS = """NVIDIA H200\t143771\tuuid=GPU-1\tbus=00000000:1A:00.0\tutil=87\tused=1024
NVIDIA H200\t143771\tuuid=GPU-2\tbus=00000000:1B:00.0\tutil=3\tused=0
NVIDIA H200\t143771\tuuid=GPU-3\tbus=00000000:1C:00.0\tutil=5\tused=0
"""
USE = {"GPU-1": 0.87, "GPU-2": 0.03, "GPU-3": 0.05}


@pytest.mark.slow
def test_a_replica_holds_a_card_that_tells_how_busy_it_is(trainplat_home: Path, tmp_path: Path) -> None:
    (tmp_path / "cards").write_text(CARDS)
    (tmp_path / "weights").write_bytes(saying(1))
    (tmp_path / "lib").mkdir()
    environment = os.environ | {
        "LD_LIBRARY_PATH": str(compile_nvml(tmp_path / "lib")),
        "FAKE_NVML": str(tmp_path / "cards"),
        "TRAINPLAT_ACCELERATOR": "auto",
        "TRAINPLAT_HOME": str(trainplat_home),
    }
    command = [sys.executable, "-m", "tests.resources.serving.server.busy_devices", str(tmp_path / "weights")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["torch"] == "cuda"
    assert len(told["devices"]) == 1
    assert told["use"] == pytest.approx(USE[told["visible"]])
    assert (told["offered"], told["why"], told["units"]) == (2, "W1", 1000)


@pytest.mark.parametrize(
    ("devices", "device"),
    [
        (("cuda:0",), "cuda"),
        (("cuda:0:1",), "cuda"),
        (("rocm:3",), "cuda"),
        (("npu:0",), "npu"),
        (("node-1/cuda:2",), "cuda"),
        (("cpu:0", "cpu:1"), "cpu"),
        ((), "cpu"),
    ],
)
def test_a_replica_computes_where_its_lease_is(devices: tuple[str, ...], device: str) -> None:
    assert torch_device(devices) == device


def test_a_replica_without_a_lease_sees_no_card() -> None:
    assert visible_devices(()) == {"CUDA_VISIBLE_DEVICES": ""}
