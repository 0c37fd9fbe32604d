"""What sharing costs a project, and how soon it has back what it is owed: the arbiter itself on a trace.

Projects are the virtual clusters of the Philly trace as converted for Gavel, each with a quota of its mean
demand while it submits, at least 8 devices and at least its largest gang. Shared: one cohort, one cluster
with as many V100s as the quotas come to, everything preemptible at the cost of a stop and a restart. Alone:
the same arbiter with the project's quota as its whole cluster. Durations are not declared.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from statistics import mean

from benchmarks.simulation.arbiter import Played, World, play
from benchmarks.simulation.model import Job, JobRecord
from benchmarks.traces.gavel import made_up_projects, read_projects
from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import WHOLE_MILLI, DeviceSpec, NodeSpec
from resources.gpu.policy.amounts import ANY_DEVICE
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import Membership, QuotaRow, QuotaRows, cohort, project
from resources.gpu.policy.state import State

NAME = "fairness"
DESCRIPTION = (
    "Mean completion time of each project on shared GPUs over that on its own quota alone, and the time "
    "from a project's claim of its nominal quota to having it: the arbiter's own decisions on the virtual "
    "clusters of the Philly trace as converted for Gavel (https://github.com/stanford-futuredata/gavel, "
    "scheduler/traces/msr), eight of them at most; without files made-up projects of the kind."
)
NODE = 8
LEAST_QUOTA = 8
MODEL = "V100"
COHORT = "all"
WORLD = World(least_look_s=600.0)
"""Jobs of hours and days: what changes by time alone is looked at every ten minutes."""


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of this benchmark."""
    parser.add_argument("--traces", type=Path, help="a folder of traces with simulation_throughputs.json")
    parser.add_argument("--days", type=float, help="only jobs submitted in the first so many days")
    parser.add_argument("--projects", type=int, default=4, help="how many to make up (default: 4)")
    parser.add_argument("--jobs", type=int, default=40, help="of each made-up project (default: 40)")
    parser.add_argument("--seed", type=int, default=0, help="of made-up projects (default: 0)")


def variant(args: Namespace) -> str:
    """The folder of the traces, and how much of them."""
    if args.traces is None:
        return "synthetic"
    return args.traces.name if args.days is None else f"{args.traces.name} {args.days:g} days"


def run(args: Namespace) -> dict[str, float]:
    """The metrics of the traces, or of made-up projects."""
    if args.traces is None:
        jobs = made_up_projects(projects=args.projects, jobs=args.jobs, load=0.9, seed=args.seed)
    else:
        jobs = read_projects(args.traces)
    return measure(jobs, days=args.days)


def measure(jobs: Mapping[str, Sequence[Job]], *, days: float | None = None) -> dict[str, float]:
    """Play all jobs shared, and those of each project alone. Quotas are by all jobs, whatever ``days``."""
    quotas = {name: quota(own) for name, own in jobs.items()}
    if days is not None:
        jobs = {name: [job for job in own if job.submitted_s < days * 86400.0] for name, own in jobs.items()}
    jobs = {name: own for name, own in jobs.items() if own}
    alone = {
        name: play(own, cluster_of({name: quotas[name]}), WORLD, told=f"{name} alone").records
        for name, own in jobs.items()
    }
    every = [job for own in jobs.values() for job in own]
    shared = play(every, cluster_of(quotas), WORLD, told="shared")
    return _metrics(shared, alone)


def quota(jobs: Sequence[Job]) -> int:
    """Devices that a project is owed: its mean demand while it submits, at least 8 and its largest gang."""
    times = [job.submitted_s for job in jobs]
    span_s = max(times) - min(times)
    demand = ceil(sum(job.service_gpu_s for job in jobs) / span_s) if span_s > 0 else 0
    return max(demand, LEAST_QUOTA, *(job.gpus for job in jobs))


def cluster_of(quotas: Mapping[str, int]) -> State:
    """An empty cluster of V100s on nodes of 8, as many as the quotas come to, all in one cohort."""
    devices = sum(quotas.values())
    sizes = [NODE] * (devices // NODE) + ([devices % NODE] if devices % NODE else [])
    nodes = [
        NodeSpec(f"node{number}", 0, 0, (DeviceSpec(MODEL),) * size) for number, size in enumerate(sizes)
    ]
    rows = QuotaRows(
        (Membership(cohort(COHORT)), *(Membership(project(name), COHORT) for name in quotas)),
        tuple(QuotaRow(project(name), nominal=owed * WHOLE_MILLI) for name, owed in quotas.items()),
    )
    return State(Cluster(nodes), QuotaTree(rows), {ANY_DEVICE: devices * WHOLE_MILLI})


def _metrics(shared: Played, alone: Mapping[str, Sequence[JobRecord]]) -> dict[str, float]:
    together: dict[str, list[JobRecord]] = {name: [] for name in alone}
    for record in shared.records:
        together[record.job.project].append(record)
    ratios = {name: _mean_jct_s(together[name]) / _mean_jct_s(own) for name, own in alone.items()}
    alone_jct_s = {record.job.id: record.jct_s for own in alone.values() for record in own}
    by_job = [record.jct_s / alone_jct_s[record.job.id] for record in shared.records]
    return {
        "ftf_worst_project": max(ratios.values()),
        "ftf_best_project": min(ratios.values()),
        "ftf_mean_project": mean(ratios.values()),
        "ftf_p99_job": _percentile(by_job, 0.99),
        "quota_restore_p95_s": _percentile(shared.claims_s, 0.95),
        "quota_restore_max_s": max(shared.claims_s, default=0.0),
        "claims": len(shared.claims_s),
        "avg_jct_shared_s": _mean_jct_s(shared.records),
        "avg_jct_alone_s": mean(alone_jct_s.values()),
        "preemptions_per_job": shared.preemptions / len(shared.records),
        "projects": len(ratios),
        "jobs": len(shared.records),
        "gpus": shared.gpus,
    }


def _mean_jct_s(records: Sequence[JobRecord]) -> float:
    return mean(record.jct_s for record in records)


def _percentile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[int(part * len(ordered))] if ordered else 0.0
