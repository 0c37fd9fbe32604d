"""The Philly traces as the Muri artifact has them, and made-up ones like them.

Columns used: ``job_id``, ``num_gpu``, ``submit_time`` and ``duration`` in milliseconds, ``model_name``. Jobs
are alike by size and time of submission; the artifact drew models and batch sizes at random.
"""

import csv
import gzip
import math
import random
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TextIO

from benchmarks.simulation.model import Job
from resources.gpu.policy.batches import Batch, batch_of

SIZES = {1: 0.38, 2: 0.02, 4: 0.22, 8: 0.32, 16: 0.05, 32: 0.01}
"""Share of jobs by number of devices, about as in the traces."""


def read_jobs(path: Path) -> list[Job]:
    """All jobs of a trace, in the order of their submission."""
    with open_text(path) as file:
        jobs = [
            Job(
                row["job_id"],
                float(row["submit_time"]) / 1000.0,
                float(row["duration"]) / 1000.0,
                int(row["num_gpu"]),
                project=row["model_name"],
            )
            for row in csv.DictReader(file)
        ]
    return grouped(jobs)


def made_up(*, jobs: int, load: float, gpus: int, seed: int) -> list[Job]:
    """Batches of like jobs, from seconds to weeks long, that ask for ``load`` times what the GPUs can do."""
    draw = random.Random(seed)
    made: list[Job] = []
    while len(made) < jobs:
        size = draw.choices(list(SIZES), weights=list(SIZES.values()))[0]
        middle = draw.uniform(math.log(20.0), math.log(1_000_000.0))
        for _ in range(min(int(draw.paretovariate(1.2)), 60, jobs - len(made))):
            duration_s = math.exp(draw.gauss(middle, 0.8))
            made.append(
                Job(str(len(made)), float(len(made)), duration_s, size, project=str(draw.randrange(8)))
            )
    span_s = sum(job.service_gpu_s for job in made) / gpus / load
    at_s, last_size, submitted = 0.0, 0, []
    batches = sum(1 for one, other in pairwise(made) if one.gpus != other.gpus) + 1
    for job in made:
        at_s += draw.uniform(1.0, 30.0) if job.gpus == last_size else draw.expovariate(batches / span_s)
        last_size = job.gpus
        submitted.append(replace(job, submitted_s=at_s))
    return grouped(submitted)


def declared(jobs: Iterable[Job]) -> list[Job]:
    """The same jobs, each declaring how long it will run."""
    return [replace(job, max_runtime_s=job.duration_s) for job in jobs]


def grouped(jobs: Iterable[Job]) -> list[Job]:
    """The same jobs in the order of submission, told which are alike: those of a size, those of a batch."""
    last: dict[str, Batch] = {}
    found = []
    for job in sorted(jobs, key=lambda job: job.submitted_s):
        size = f"{job.gpus} GPUs"
        last[size] = batch_of(size, job.submitted_s, last.get(size))
        found.append(replace(job, groups=(size, last[size].id)))
    return found


def open_text(path: Path) -> TextIO:
    """A text file, plain or compressed."""
    return gzip.open(path, "rt") if path.suffix == ".gz" else path.open()
