"""Devices from NVML, through the real binding over a stand-in for the vendor's library; CPU slots else."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from resources.errors import BadInput
from resources.gpu.inventory import cpu_slots, discover, threads_for

STANDIN = Path(__file__).with_name("nvml_standin.c")
SHOW = """
import json, sys
from resources.errors import TrainplatError
from resources.gpu.inventory import discover
try:
    print(json.dumps([[one.id, one.model, one.memory_mib] for one in discover()]))
except TrainplatError as problem:
    print(json.dumps(problem.problem))
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.fail("no C compiler here to build the stand-in for NVML with; install gcc")
    folder = tmp_path_factory.mktemp("nvml")
    target = folder / "libnvidia-ml.so.1"
    soname = "-Wl,-soname,libnvidia-ml.so.1"
    subprocess.run([compiler, "-shared", "-fPIC", soname, "-o", target, STANDIN], check=True)
    return folder


def found(library: Path, tmp_path: Path, listed: str, accelerator: str = "auto") -> object:
    """What a process finds that is told which ``accelerator`` to use."""
    return found_in(os.environ | {"TRAINPLAT_ACCELERATOR": accelerator}, library, tmp_path, listed)


def found_in(environment: Mapping[str, str], library: Path, tmp_path: Path, listed: str) -> object:
    cards = tmp_path / "cards"
    cards.write_text(listed)
    environment = {**environment, "LD_LIBRARY_PATH": str(library), "FAKE_NVML": str(cards)}
    shown = subprocess.run(
        [sys.executable, "-c", SHOW], env=environment, check=True, capture_output=True, text=True
    )
    return json.loads(shown.stdout)


def test_the_cards_that_nvml_lists_are_the_devices(library: Path, tmp_path: Path) -> None:
    listed = "NVIDIA H200\t143771\nTesla V100-SXM2-32GB\t32768\n"
    assert found(library, tmp_path, listed) == [
        ["cuda:0", "NVIDIA H200", 143771],
        ["cuda:1", "Tesla V100-SXM2-32GB", 32768],
    ]


def test_a_gpu_that_shares_the_machines_memory_is_a_device(library: Path, tmp_path: Path) -> None:
    listed = "NVIDIA GB10\t0\nNVIDIA H200\t143771\n"
    assert found(library, tmp_path, listed) == [
        ["cuda:0", "NVIDIA GB10", None],
        ["cuda:1", "NVIDIA H200", 143771],
    ]


def test_a_driver_without_cards_leaves_the_cpu_slots(library: Path, tmp_path: Path) -> None:
    assert found(library, tmp_path, "broken 9\n") == [["cpu:0", None, None], ["cpu:1", None, None]]
    assert found(library, tmp_path, "\n") == [["cpu:0", None, None], ["cpu:1", None, None]]


def test_a_driver_that_does_not_answer_is_an_error_and_not_a_machine_without_gpus(
    library: Path, tmp_path: Path
) -> None:
    said = "the NVIDIA driver is installed but NVML does not answer: "
    assert found(library, tmp_path, "broken 18\n") == said + "RM has detected an NVML/RM version mismatch."
    assert str(found(library, tmp_path, "lost card\t1\n")).startswith(said + "GPU is lost")


def test_gpus_are_left_alone_where_the_cpu_is_asked_for(library: Path, tmp_path: Path) -> None:
    slots = [["cpu:0", None, None], ["cpu:1", None, None]]
    assert found(library, tmp_path, "NVIDIA H200\t143771\n", accelerator="cpu") == slots
    assert found(library, tmp_path, "broken 18\n", accelerator="cpu") == slots


def test_an_accelerator_that_nobody_knows_is_named(library: Path, tmp_path: Path) -> None:
    said = "TRAINPLAT_ACCELERATOR is 'tpu'; expected one of: auto, cpu"
    assert found(library, tmp_path, "NVIDIA H200\t143771\n", accelerator="tpu") == said


def test_tests_and_what_they_start_see_no_gpu_of_this_machine(library: Path, tmp_path: Path) -> None:
    listed = "NVIDIA H200\t143771\n"
    assert found_in(os.environ, library, tmp_path, listed) == [["cpu:0", None, None], ["cpu:1", None, None]]


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="this machine has an NVIDIA driver")
def test_a_machine_without_a_driver_has_its_cpu_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_ACCELERATOR", "auto")
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "3")
    assert [device.id for device in discover()] == ["cpu:0", "cpu:1", "cpu:2"]


@pytest.mark.parametrize("declared", ["0", "-1", "two", "", "1.5", "9999", "²"])
def test_a_bad_count_of_slots_is_named(declared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", declared)
    with pytest.raises(BadInput, match=r"TRAINPLAT_CPU_SLOTS is .*; expected a whole number from 1 to 1024"):
        cpu_slots()


def test_threads_are_shared_by_the_devices_held_and_never_fewer_than_one() -> None:
    cpus = len(os.sched_getaffinity(0))
    assert threads_for(2, 2) == cpus
    assert threads_for(1, 1000) == 1
    assert threads_for(0, 0) == cpus
