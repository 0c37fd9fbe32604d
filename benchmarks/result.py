"""One result: what was measured, on which machine, with which versions."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

import psutil

RESULTS = Path(__file__).with_name("results")
PACKAGES = ("trainplat", "dagster", "mlflow", "streamlit", "torch", "dvc", "label-studio-sdk", "sqlalchemy")


@dataclass(frozen=True)
class Machine:
    """What a number has to be read with."""

    processor: str
    cores: int
    memory_gib: float
    system: str
    load_before: float
    """Load average over a minute before it began, in runnable processes: an idle machine has about 0."""

    @classmethod
    def here(cls) -> "Machine":
        """The machine that this runs on, now."""
        return cls(
            processor=_processor(),
            cores=os.cpu_count() or 1,
            memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
            system=f"{platform.system()} {platform.release().partition('-')[0]}",
            load_before=round(os.getloadavg()[0], 2),
        )


@dataclass(frozen=True)
class Result:
    """One run of one benchmark."""

    name: str
    variant: str
    """What tells two runs of one benchmark apart, such as ``tasks 1000``; empty where nothing does."""
    metrics: dict[str, float]
    machine: Machine
    versions: dict[str, str]
    measured_at: str

    @property
    def path(self) -> Path:
        """Where it is kept."""
        return RESULTS / ("-".join([self.name, *self.variant.split()]) + ".json")

    def as_json(self, *, indent: int | None = None) -> str:
        """As one JSON object."""
        return json.dumps(asdict(self), indent=indent, sort_keys=indent is not None)


def make_result(name: str, variant: str, metrics: dict[str, float], machine: Machine) -> Result:
    """A result with the versions that are installed now."""
    versions = {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}
    rounded = {
        key: round(value, 4) if abs(value) >= 0.001 else float(f"{value:.3g}")  # a millionth is told too
        for key, value in metrics.items()
    }
    return Result(name, variant, rounded, machine, versions, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}")


def read_results() -> list[Result]:
    """All results that are kept, by name and variant."""
    found = []
    for path in sorted(RESULTS.glob("*.json")):
        kept = json.loads(path.read_text())
        found.append(Result(**{**kept, "machine": Machine(**kept["machine"])}))
    return found


def spread(name: str, values: list[float]) -> dict[str, float]:
    """The median of ``values`` as metric ``name``, with their least and greatest beside it."""
    if not values:
        return {}
    stem, _, unit = name.rpartition("_")
    if len(values) == 1:
        return {name: values[0]}
    return {name: median(values), f"{stem}_min_{unit}": min(values), f"{stem}_max_{unit}": max(values)}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
