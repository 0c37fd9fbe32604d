"""Loading the code location: without heavy libraries, and without touching anything."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import watched_import

HEAVY = (
    *("torch", "mlflow", "dvc", "dvc_data", "sklearn", "scipy", "pandas", "matplotlib", "plotly"),
    *("label_studio_sdk", "streamlit", "papermill"),
)

MISBEHAVING = """
import os, pathlib, socket, sqlite3, subprocess, colorsys
here = pathlib.Path(__file__).parent
(here / "made.txt").write_text("text")
(here / "made.txt").read_text()
sqlite3.connect(here / "made.db")
subprocess.run(["true"])
socket.socket().connect_ex(("127.0.0.1", 9))
"""


def watched(module: str, *libraries: str, path: str = "") -> dict[str, list[str]]:
    """What importing ``module`` does, in a process of its own."""
    told = subprocess.run(
        [sys.executable, str(Path(watched_import.__file__)), module, *libraries],
        cwd="/",
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    answer: dict[str, list[str]] = json.loads(told.splitlines()[-1])
    return answer


@pytest.fixture(scope="module")
def code_location() -> dict[str, list[str]]:
    return watched("trainplat_assets.definitions", *HEAVY)


def test_no_heavy_library_is_loaded_with_the_code_location(code_location: dict[str, list[str]]) -> None:
    assert code_location["loaded"] == []


def test_loading_the_code_location_touches_nothing(code_location: dict[str, list[str]]) -> None:
    assert code_location["seen"] == []


def test_the_watch_sees_what_a_misbehaving_module_does(tmp_path: Path) -> None:
    (tmp_path / "misbehaving.py").write_text(MISBEHAVING)
    found = watched("misbehaving", "colorsys", path=str(tmp_path))
    told = " ".join(found["seen"])
    for deed in ("writes", "reads", "sqlite3.connect", "subprocess.Popen", "socket.connect"):
        assert deed in told
    assert found["loaded"] == ["colorsys"]
