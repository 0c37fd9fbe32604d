"""Commands as they are measured: the CPU time of the whole process tree, the clock, the peak of memory."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.stack import say
from resources.errors import Unavailable

BIN = Path(sys.executable).parent
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""What is installed is compiled already; a checkout is so from its first use on, whatever is set here."""
_WATCHER = """
import json, os, sys, time
began = time.perf_counter()
child = os.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
took = time.perf_counter() - began
code = os.waitstatus_to_exitcode(status)
print(json.dumps([usage.ru_utime + usage.ru_stime, took, usage.ru_maxrss, code]), file=sys.stderr)
"""
"""Starts the command from a small process: the kernel counts the memory of whoever starts it as its own."""


@dataclass(frozen=True)
class Cost:
    """What one command took."""

    cpu_s: float
    wall_s: float
    peak_rss_mib: float


def cost_of(command: list[str], folder: Path, environment: Mapping[str, str]) -> Cost:
    """Run a command to its end. Raises :class:`Unavailable`, with what it said, where it fails."""
    os.sync()
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _WATCHER, *command],
        cwd=folder,
        env={**os.environ, **environment, **COMPILED},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    ).stderr
    said, _, last = told.rstrip().rpartition("\n")
    cpu_s, wall_s, peak_kib, code = json.loads(last)
    if code:
        raise Unavailable(f"{' '.join(command)} ended with {code}: {said[-1000:]}", "See what it says.")
    return Cost(cpu_s, wall_s, peak_kib / 1024)


@dataclass
class Ledger:
    """What each operation cost each tool, every time."""

    costs: dict[tuple[str, str], list[Cost]] = field(default_factory=lambda: defaultdict(list))

    def add(self, operation: str, tool: str, cost: Cost) -> None:
        """Write one down."""
        took = f"{cost.cpu_s:6.2f} s CPU {cost.wall_s:6.2f} s {cost.peak_rss_mib:5.0f} MiB"
        say(f"{operation:<16} {tool:<5} {took}")
        self.costs[operation, tool].append(cost)

    def metrics(self) -> dict[str, float]:
        """Medians of each, and the ratios between the tools."""
        found: dict[str, float] = {}
        for operation in dict.fromkeys(operation for operation, _ in self.costs):
            both = {tool: self.costs.get((operation, tool), []) for tool in ("dvc", "ours", "floor")}
            for what in ("cpu_s", "wall_s", "peak_rss_mib"):
                medians = {
                    tool: median(getattr(cost, what) for cost in costs)
                    for tool, costs in both.items()
                    if costs
                }
                stem = what.rpartition("_")[0]
                if {"dvc", "ours"} <= medians.keys():
                    found[f"{operation}_{stem}_ratio"] = medians["dvc"] / medians["ours"]
                if {"floor", "ours"} <= medians.keys() and what == "cpu_s":
                    found[f"{operation}_over_floor"] = medians["ours"] / medians["floor"]
                    found[f"{operation}_floor_cpu_s"] = medians.pop("floor")
                medians.pop("floor", None)
                for tool, value in medians.items():
                    found[f"{operation}_{tool}_{what}"] = value
        return found
