"""How much of a cluster is in use when requests come and go, and how long they wait for it.

Lost: pods come at random (Poisson) and end at random (exponential lives); one that finds no place when it
comes is lost. Offered: 115 % of the devices. Three mean lives of warm-up, then two are measured; once as
pods stand, and once where running ones may move.

Waiting: the same with 90 % offered, and whoever finds no place waits. The arbiter's own passes, on every
tenth node of a trace, against what needs no arbiter: first come, first served; the same with others let
past one that does not fit; and nodes set apart for each size of job.
"""

import argparse
import sys
from pathlib import Path
from statistics import mean, stdev

from benchmarks.seeds import parse_seeds
from benchmarks.simulation.loss import OFFERED, carried
from benchmarks.simulation.waiting import SIZES, waits_of_arbiter, waits_of_statics
from benchmarks.traces import openb
from resources.gpu.placement.model import NodeSpec, Shape

NAME = "churn"
DESCRIPTION = (
    "Percent of GPUs in use over time when 115 % of them are asked for and a pod that finds no place is "
    "lost: Poisson arrivals, exponential lives, three mean lives of warm-up and two measured, shapes drawn "
    "from the pod list. FGD carries 94.9 on `default` of openb, first-fit 92.7. `defrag`: where running pods "
    "may move. `wait`: 90 % asked for, and pods wait; the 95th percentile over all seeds by number of GPUs, "
    "under the arbiter and under static policies. Files as for packing."
)
MOVES_PER_JOB = 0.05
EVERY = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument("--nodes", type=Path, help="the nodes of openb, plain or .gz (default: synthetic)")
    parser.add_argument("--pods", type=Path, help="a pod list of openb, plain or .gz (default: synthetic)")
    parser.add_argument("--seeds", default="42-51", help="a range such as 42-51, or one number")
    parser.add_argument(
        "--every", type=int, default=EVERY, help="wait on every so-many-th node of a file (default: 10)"
    )
    parser.add_argument("--wait-seeds", type=int, default=3, help="of the seeds, how many wait (default: 3)")
    parser.add_argument("--only", choices=("lost", "waiting"), help="one of the two parts")


def variant(arguments: argparse.Namespace) -> str:
    """The name of the pod list, as for packing."""
    return openb.variant(arguments.pods)


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Live through every seed."""
    nodes = openb.read_nodes(arguments.nodes) if arguments.nodes else openb.synthetic_nodes()
    pods = openb.read_pods(arguments.pods) if arguments.pods else openb.synthetic_pods()
    shapes = [pod.shape for pod in pods]
    seeds = parse_seeds(arguments.seeds)
    metrics: dict[str, float] = {}
    if arguments.only != "waiting":
        metrics |= lost(nodes, shapes, seeds)
    if arguments.only != "lost":
        some = nodes[:: arguments.every] if arguments.nodes else nodes
        metrics |= waiting(some, shapes, seeds[: arguments.wait_seeds])
    return metrics


def lost(nodes: list[NodeSpec], shapes: list[Shape], seeds: list[int]) -> dict[str, float]:
    """What is carried, without and with moves."""
    still, moving = [], []
    for seed in seeds:
        still.append(carried(nodes, shapes, seed))
        moving.append(carried(nodes, shapes, seed, moves_per_job=MOVES_PER_JOB))
        told = f"{still[-1].percent:.3f} % carried, {moving[-1].percent:.3f} % with moves"
        print(f"seed {seed}: {told}", file=sys.stderr)
    return {
        "carried_pct": mean(one.percent for one in still),
        "carried_sd_pct": stdev(one.percent for one in still) if len(still) > 1 else 0.0,
        "carried_defrag_pct": mean(one.percent for one in moving),
        "migrations_per_100_jobs": mean(one.migrations_per_100_jobs for one in moving),
        "offered_pct": 100 * OFFERED,
    }


def waiting(nodes: list[NodeSpec], shapes: list[Shape], seeds: list[int]) -> dict[str, float]:
    """How long jobs of each size wait, by policy, over all seeds."""
    waits: dict[str, dict[str, list[float]]] = {}
    for seed in seeds:
        policies = {"": waits_of_arbiter(nodes, shapes, seed), **waits_of_statics(nodes, shapes, seed)}
        for policy, by_size in policies.items():
            for size, some in by_size.items():
                waits.setdefault(policy, {}).setdefault(size, []).extend(some)
        print(f"seed {seed}: waited", file=sys.stderr)
    metrics: dict[str, float] = {}
    for policy, by_size in waits.items():
        for size in SIZES:
            if some := sorted(by_size.get(size, ())):
                metrics[f"wait_p95_{size}{policy}_s"] = some[int(0.95 * len(some))]
                metrics[f"wait_mean_{size}{policy}_s"] = mean(some)
    return metrics | _against_statics(metrics, [policy for policy in waits if policy])


def _against_statics(metrics: dict[str, float], statics: list[str]) -> dict[str, float]:
    told = {}
    for what in ("p95", "mean"):
        best = min((metrics.get(f"wait_{what}_8gpu{one}_s", float("inf")) for one in statics), default=0.0)
        ours = metrics.get(f"wait_{what}_8gpu_s")
        if ours is not None and 0.0 < best < float("inf"):
            told[f"wait_{what}_8gpu_over_best_static"] = ours / best
    return told
