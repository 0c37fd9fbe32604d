"""How long the demo takes: the first time, begun anew, and with ``--clone`` on a machine that has nothing."""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.result import spread
from benchmarks.stack import environment, say, temporary_home
from scripts.checkout import ROOT

NAME = "demo"
DESCRIPTION = (
    "Time of `make demo ONCE=1` in an empty home, and with `FRESH=1` in the same one, where the environments "
    "are there. With `--clone`: the first time in a new clone of what is committed, from set-up to table, "
    "with nothing in the caches of the installers."
)

OUTER_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
"""What `make bench` would tell the makes that it does not know of."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument("--repeat", type=int, default=3, help="demos that begin anew (default: 3)")
    parser.add_argument(
        "--clone", action="store_true", help="the first time in a new clone, downloads included, and no more"
    )


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Play demos in a home of their own; each ends by itself, or raises CalledProcessError."""
    with temporary_home() as home:
        if arguments.clone:
            return _in_a_clone(home)
        return _in_this_checkout(home, arguments.repeat)


def _in_this_checkout(home: Path, repeat: int) -> dict[str, float]:
    _make(ROOT, home, "setup")
    first_s = _make(ROOT, home, "demo", "ONCE=1")
    fresh = [_make(ROOT, home, "demo", "ONCE=1", "FRESH=1") for _ in range(repeat)]
    return {"first_s": first_s, **spread("fresh_s", fresh)}


def _in_a_clone(home: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="trainplat-clone-") as folder:
        clone, caches = Path(folder) / "trainplat", Path(folder) / "caches"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        empty = {"UV_CACHE_DIR": str(caches / "uv"), "PIP_CACHE_DIR": str(caches / "pip")}
        setup_s = _make(clone, home, "setup", f"PYTHON={sys.executable}", settings=empty)
        demo_s = _make(clone, home, "demo", "ONCE=1", f"PYTHON={sys.executable}", settings=empty)
    return {"setup_s": setup_s, "first_s": setup_s + demo_s}


def _make(checkout: Path, home: Path, *arguments: str, settings: Mapping[str, str] | None = None) -> float:
    """Run ``make`` in a checkout and show what it prints. Returns its seconds; raises CalledProcessError."""
    told = {name: value for name, value in environment(home).items() if name not in OUTER_MAKE}
    begun = time.monotonic()
    made = subprocess.run(
        ["make", *arguments],
        cwd=checkout,
        env={**told, **(settings or {})},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    taken_s = time.monotonic() - begun
    say(f"{made.stdout}make {' '.join(arguments)}: {taken_s:.1f} s")
    return taken_s
