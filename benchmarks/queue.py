"""Who goes first: jobs of a trace on a simulated cluster, in the arbiter's order.

Durations are unknown to the order, except where metrics say ``declared``. Static cards: each project has its
own, in proportion to the service that its jobs take in all, at least as many as its largest gang, and serves
them first come, first served; a project of the trace is a model. What is paid for are all cards until the
last job of their queue has ended. Against them stand as many shared cards, in whole nodes, as the order needs
for the same mean completion time, restarts at their cost: fewer cards for a longer wait would prove nothing.
"""

from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from statistics import mean

from benchmarks.simulation.engine import simulate
from benchmarks.simulation.model import Job, JobRecord, Outcome
from benchmarks.simulation.policies import Ordered, first_come, shortest_remaining_service
from benchmarks.traces.philly import declared, made_up, read_jobs

NAME = "queue"
DESCRIPTION = (
    "Job completion times on a simulated cluster of nodes with 8 GPUs, durations unknown to the order."
)

RESTART_S = 60.0
LONG_S = 3600.0
"""The slowdown is told of jobs that run longer than this."""
NODE = 8


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of this benchmark."""
    parser.add_argument(
        "--trace", type=Path, help="a CSV, plain or .gz, with num_gpu, submit_time, duration (ms)"
    )
    parser.add_argument("--gpus", type=int, default=64, help="devices, 8 on a node (default: 64)")
    parser.add_argument(
        "--jobs", type=int, default=600, help="how many to make up without a trace (default: 600)"
    )
    parser.add_argument("--load", type=float, default=1.5, help="of made-up jobs, in clusters (default: 1.5)")
    parser.add_argument("--seed", type=int, default=0, help="of made-up jobs (default: 0)")


def run(args: Namespace) -> dict[str, float]:
    """Completion times, also with a cost of restarts and with declared runtimes, and against static cards."""
    if args.trace is None:
        jobs = made_up(jobs=args.jobs, load=args.load, gpus=args.gpus, seed=args.seed)
    else:
        jobs = read_jobs(args.trace)
    return measure(jobs, args.gpus)


def measure(jobs: Sequence[Job], gpus: int) -> dict[str, float]:
    """The metrics of ``jobs`` on ``gpus`` devices."""
    free_restarts = simulate(jobs, Ordered(gpus), gpus=gpus)
    restarts = simulate(jobs, Ordered(gpus), gpus=gpus, restart_s=RESTART_S)
    told = declared(jobs)
    knowing = simulate(told, Ordered(gpus), gpus=gpus)
    best = simulate(told, shortest_remaining_service(gpus), gpus=gpus)
    metrics = {
        "avg_jct_s": _mean_jct_s(free_restarts.records),
        "avg_jct_restart60_s": _mean_jct_s(restarts.records),
        "p99_jct_s": _p99(free_restarts.records),
        "makespan_s": free_restarts.makespan_s,
        "preemptions": free_restarts.preemptions,
        "preemptions_restart60": restarts.preemptions,
        "max_slowdown_over_1h": _max_slowdown(free_restarts.records),
        "slowed_over_100x_pct": _slowed_pct(free_restarts.records),
        "declared_avg_jct_s": _mean_jct_s(knowing.records),
        "declared_max_slowdown_over_1h": _max_slowdown(knowing.records),
        "declared_preemptions": knowing.preemptions,
        "srsf_avg_jct_s": _mean_jct_s(best.records),
        "declared_over_srsf": _mean_jct_s(knowing.records) / _mean_jct_s(best.records),
    }
    return metrics | _static_cards(jobs, gpus)


def _static_cards(jobs: Sequence[Job], gpus: int) -> dict[str, float]:
    """Use and cost of the same jobs where each project has cards of its own."""
    by_project: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        by_project[job.project].append(job)
    service_gpu_s = sum(job.service_gpu_s for job in jobs)
    first_s = min(job.submitted_s for job in jobs)
    records: list[JobRecord] = []
    cards, paid_gpu_s = 0, 0.0
    for own in by_project.values():
        share = sum(job.service_gpu_s for job in own) / service_gpu_s
        owned = max(ceil(gpus * share), *(job.gpus for job in own))
        alone = simulate(own, first_come(owned), gpus=owned)
        cards += owned
        paid_gpu_s += owned * (max(record.end_s for record in alone.records) - first_s)
        records += alone.records
    shared = _shared_as_good(jobs, _mean_jct_s(records), ceil(cards / NODE))
    shared_gpu_s = shared.gpus * shared.makespan_s
    use_pct, static_use_pct = 100.0 * service_gpu_s / shared_gpu_s, 100.0 * service_gpu_s / paid_gpu_s
    return {
        "static_cards": cards,
        "static_avg_jct_s": _mean_jct_s(records),
        "shared_cards": shared.gpus,
        "shared_avg_jct_s": _mean_jct_s(shared.records),
        "shared_use_pct": use_pct,
        "static_use_pct": static_use_pct,
        "use_over_static": use_pct / static_use_pct,
        "shared_paid_gpu_h": shared_gpu_s / 3600.0,
        "static_paid_gpu_h": paid_gpu_s / 3600.0,
        "paid_saved_pct": 100.0 * (1.0 - shared_gpu_s / paid_gpu_s),
    }


def _shared_as_good(jobs: Sequence[Job], jct_s: float, most_nodes: int) -> Outcome:
    """The order on the fewest whole nodes with which jobs end as soon as that in the mean."""
    least = max(ceil(max(job.gpus for job in jobs) / NODE), 1)
    best = _shared(jobs, most_nodes)
    while least < most_nodes:
        middle = (least + most_nodes) // 2
        tried = _shared(jobs, middle)
        if _mean_jct_s(tried.records) <= jct_s:
            most_nodes, best = middle, tried
        else:
            least = middle + 1
    return best


def _shared(jobs: Sequence[Job], nodes: int) -> Outcome:
    return simulate(jobs, Ordered(nodes * NODE), gpus=nodes * NODE, restart_s=RESTART_S)


def _mean_jct_s(records: Sequence[JobRecord]) -> float:
    return mean(record.jct_s for record in records)


def _p99(records: Sequence[JobRecord]) -> float:
    ordered = sorted(record.jct_s for record in records)
    return ordered[int(0.99 * len(ordered))]


def _max_slowdown(records: Sequence[JobRecord]) -> float:
    return max((record.slowdown for record in records if record.job.duration_s > LONG_S), default=1.0)


def _slowed_pct(records: Sequence[JobRecord]) -> float:
    long = [record.slowdown > 100.0 for record in records if record.job.duration_s > LONG_S]
    return 100.0 * sum(long) / max(len(long), 1)
