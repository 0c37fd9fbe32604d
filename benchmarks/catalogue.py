"""The benchmarks there are. Each is a module; what it needs is imported when it runs."""

import argparse
import importlib
from typing import Protocol, cast

NAMES = (
    "startup",
    "start",
    "demo",
    "latency",
    "loop",
    "accuracy",
    "active",
    "continual",
    "flipped",
    "flipped_answers",
    "packing",
    "queue",
    "churn",
    "fairness",
    "forecast",
    "speed",
    "data",
    "near_duplicates",
    "prefetch",
    "training",
    "structure",
    "autoscale",
    "comparison",
    "serving",
)


class Benchmark(Protocol):
    """What a benchmark's module has."""

    NAME: str
    DESCRIPTION: str
    """One sentence: what is measured, and how."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare its own options."""

    def run(self, arguments: argparse.Namespace) -> dict[str, float]:
        """Measure. The metrics are flat; their names end in their unit; what does not exist is left out."""


def benchmark(name: str) -> Benchmark:
    """The benchmark called ``name``."""
    return cast("Benchmark", importlib.import_module(f"benchmarks.{name}"))
