"""Puts the stand-in for the program of MPS on PATH."""

import os
import sys
from pathlib import Path

import pytest

from resources.gpu.enforcement.mps import PROGRAM

STANDIN = Path(__file__).with_name("mps_standin.py")


def put_mps_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ``folder`` with the program in it, and put it first."""
    folder.mkdir()
    program = folder / PROGRAM
    program.write_text(f"#!{sys.executable} -IS\n{STANDIN.read_text()}")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
