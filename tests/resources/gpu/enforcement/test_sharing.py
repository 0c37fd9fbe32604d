"""What NVML says of sharing, through the real binding over stand-ins for the vendor's library."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SHOW = """
import json
from resources.errors import TrainplatError
from resources.gpu.enforcement.sharing import read_sharing
try:
    print(json.dumps([[one.device_id, one.capability, one.compute_mode, one.can_be_limited]
                      for one in read_sharing().values()]))
except TrainplatError as problem:
    print(json.dumps(problem.problem))
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.fail("no C compiler here to build the stand-in for NVML with; install gcc")
    folder = tmp_path_factory.mktemp("nvml")
    (cards,) = HERE.parent.rglob("nvml_standin.c")
    soname = "-Wl,-soname,libnvidia-ml.so.1"
    target = folder / "libnvidia-ml.so.1"
    subprocess.run(
        [compiler, "-shared", "-fPIC", soname, "-o", target, cards, HERE / "nvml_modes.c"], check=True
    )
    return folder


def told(library: Path | None, tmp_path: Path, listed: str = "", modes: str = "") -> object:
    cards = tmp_path / "cards"
    cards.write_text(listed)
    environment = {**os.environ, "FAKE_NVML": str(cards), "FAKE_NVML_MODES": modes}
    if library is not None:
        environment["LD_LIBRARY_PATH"] = str(library)
    shown = subprocess.run(
        [sys.executable, "-c", SHOW], env=environment, check=True, capture_output=True, text=True
    )
    return json.loads(shown.stdout)


def test_cards_since_volta_can_be_limited_in_any_mode_but_prohibited(library: Path, tmp_path: Path) -> None:
    listed = "Tesla P100\t16384\nTesla V100\t16384\nNVIDIA A100\t40960\nNVIDIA H100\t81559\nill card\t1\n"
    assert told(library, tmp_path, listed, "6.0:0 7.0:0 8.0:3 9.0:2 -") == [
        ["cuda:0", [6, 0], "default", False],
        ["cuda:1", [7, 0], "default", True],
        ["cuda:2", [8, 0], "exclusive", True],
        ["cuda:3", [9, 0], "prohibited", False],
        ["cuda:4", None, None, False],
    ]


def test_a_driver_that_is_silent_is_told(library: Path, tmp_path: Path) -> None:
    assert "NVML does not answer" in str(told(library, tmp_path, "broken 999\n"))


def test_a_driver_that_is_not_loaded_has_no_cards(library: Path, tmp_path: Path) -> None:
    assert told(library, tmp_path, "broken 9\n") == []
