"""Virtual clusters of the Philly trace as converted for Gavel: one project each, on V100s.

Seven tab-separated columns without a header: job type, command, steps flag, whether it needs data, steps,
arrival in seconds, GPUs. A job lasts its steps over the steps per second of its type on so many V100s; where
that was not measured, each GPU does what one does alone.
"""

import json
from dataclasses import replace
from pathlib import Path

from benchmarks.simulation.model import Job
from benchmarks.traces.philly import grouped, made_up, open_text

Throughputs = dict[tuple[str, int], float]
"""Steps per second by job type and number of GPUs."""

COLUMNS = 7


def read_projects(folder: Path) -> dict[str, list[Job]]:
    """The jobs of each virtual cluster in ``folder``, by its name."""
    throughputs = read_throughputs(_one(folder, "simulation_throughputs.json*"))
    paths = sorted(folder.glob("*.trace*"))
    if not paths:
        raise ValueError(f"{folder} holds no trace; expected files such as seed0_0e4a51.trace.tsv.gz")
    projects = {}
    for path in paths:
        name = path.name.partition(".")[0].rpartition("_")[2]
        projects[name] = read_jobs(path, throughputs, name)
    return projects


def read_throughputs(path: Path, card: str = "v100") -> Throughputs:
    """What one kind of card does alone, that is, with no second job on it."""
    with open_text(path) as file:
        measured = json.load(file)[card]
    found: Throughputs = {}
    for key, shared_with in measured.items():
        # A key reads ('ResNet-18 (batch size 16)', 2).
        kind, _, gpus = key.strip("()").rpartition(", ")
        found[kind.strip("'"), int(gpus)] = float(shared_with["null"])
    return found


def read_jobs(path: Path, throughputs: Throughputs, project: str) -> list[Job]:
    """The jobs of one virtual cluster, in the order of their submission."""
    jobs = []
    with open_text(path) as file:
        for number, line in enumerate(file):
            columns = line.rstrip("\n").split("\t")
            if len(columns) != COLUMNS:
                raise ValueError(f"{path.name}:{number + 1} has {len(columns)} columns; expected {COLUMNS}")
            kind, _, _, _, steps, submitted_s, gpus = columns
            speed = steps_per_s(throughputs, kind, int(gpus))
            jobs.append(
                Job(
                    f"{project}-{number}",
                    float(submitted_s),
                    float(steps) / speed,
                    int(gpus),
                    project=project,
                )
            )
    return grouped(jobs)


def steps_per_s(throughputs: Throughputs, kind: str, gpus: int) -> float:
    """As measured, else as many times that of one GPU."""
    measured = throughputs.get((kind, gpus), 0.0)
    return measured if measured > 0.0 else throughputs[kind, 1] * gpus


def made_up_projects(*, projects: int, jobs: int, load: float, seed: int) -> dict[str, list[Job]]:
    """Projects with jobs of their own, each offering ``load`` times what 16 GPUs can do."""
    made = {}
    for index in range(projects):
        name = f"project-{index}"
        own = made_up(jobs=jobs, load=load, gpus=16, seed=seed * 1000 + index)
        made[name] = [replace(job, id=f"{name}-{job.id}", project=name) for job in own]
    return made


def _one(folder: Path, pattern: str) -> Path:
    paths = sorted(folder.glob(pattern))
    if not paths:
        raise ValueError(f"{folder} holds no {pattern}; expected the throughputs beside the traces")
    return paths[0]
