"""A whole stack for a benchmark, started and stopped as a person does."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def say(text: str) -> None:
    """Tell whoever watches; the results alone go to stdout."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def temporary_home() -> Iterator[Path]:
    """An empty home that is gone afterwards, and no stack of it left."""
    with tempfile.TemporaryDirectory(prefix="trainplat-benchmark-") as folder:
        home = Path(folder) / "home"
        try:
            yield home
        finally:
            subprocess.run(_command("down"), env=environment(home), capture_output=True, check=False)


def environment(home: Path) -> dict[str, str]:
    """What the command line is started with for ``home``."""
    return {**os.environ, "TRAINPLAT_HOME": str(home)}


def trainplat(home: Path, *arguments: str) -> str:
    """Run the command line on ``home``; returns what it prints. Raises CalledProcessError."""
    return subprocess.run(
        _command(*arguments), env=environment(home), stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def status(home: Path) -> dict[str, Any]:
    """``trainplat status --json``."""
    told: dict[str, Any] = json.loads(trainplat(home, "status", "--json"))
    return told


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "trainplat_cli.main", *arguments]
