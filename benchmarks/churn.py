"""How much of a cluster is in use when requests come and go: what is carried of what is offered.

A loss system: pods come at random (Poisson) and end at random (exponential lives); one that finds no place
when it comes is lost. Offered: 115 % of the devices. Three mean lives of warm-up, then two are measured.
"""

import argparse
import heapq
import random
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from statistics import mean, stdev

from benchmarks.seeds import parse_seeds
from benchmarks.traces import openb
from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import NodeSpec, Placement, Shape

NAME = "churn"
DESCRIPTION = (
    "Percent of GPUs in use over time when 115 % of them are asked for and a pod that finds no place is "
    "lost: Poisson arrivals, exponential lives, three mean lives of warm-up and two measured, shapes drawn "
    "from the pod list. FGD carries 94.9 on `default` of openb, first-fit 92.7. Files as for packing."
)
OFFERED = 1.15
WARM_UP_LIVES = 3
MEASURED_LIVES = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument("--nodes", type=Path, help="the nodes of openb, plain or .gz (default: synthetic)")
    parser.add_argument("--pods", type=Path, help="a pod list of openb, plain or .gz (default: synthetic)")
    parser.add_argument("--seeds", default="42-51", help="a range such as 42-51, or one number")


def variant(arguments: argparse.Namespace) -> str:
    """The name of the pod list, as for packing."""
    return openb.variant(arguments.pods)


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Live through every seed."""
    nodes = openb.read_nodes(arguments.nodes) if arguments.nodes else openb.synthetic_nodes()
    pods = openb.read_pods(arguments.pods) if arguments.pods else openb.synthetic_pods()
    carried = []
    for seed in parse_seeds(arguments.seeds):
        carried.append(carried_percent(nodes, [pod.shape for pod in pods], seed))
        print(f"seed {seed}: {carried[-1]:.3f} % carried", file=sys.stderr)
    spread = stdev(carried) if len(carried) > 1 else 0.0
    return {"carried_pct": mean(carried), "carried_sd_pct": spread, "offered_pct": 100 * OFFERED}


def carried_percent(nodes: list[NodeSpec], shapes: list[Shape], seed: int) -> float:
    """The mean of what is in use over the lives that are measured, in percent of all devices."""
    popularity: Mapping[Shape, float] = Counter(shapes)
    cluster = Cluster(nodes, popularity=popularity, order_seed=seed)
    capacity = openb.capacity_milli(nodes)
    draw = random.Random(seed)
    # A mean life is 1, so that as much is offered as comes in one.
    rate = OFFERED * capacity / mean(shape.units_milli for shape in shapes)
    ends: list[tuple[float, int, Shape, Placement]] = []
    now, until, number = 0.0, float(WARM_UP_LIVES + MEASURED_LIVES), 0
    held = area = 0.0
    while now < until:
        arrival = now + draw.expovariate(rate)
        while ends and ends[0][0] <= min(arrival, until):
            end, _, shape, placement = heapq.heappop(ends)
            area += held * _measured(now, end)
            now = end
            cluster.give_back(shape, placement)
            held -= shape.units_milli
        area += held * _measured(now, min(arrival, until))
        now = arrival
        shape = draw.choice(shapes)
        found = cluster.find(shape)
        life = draw.expovariate(1.0)
        if found is not None and now < until:
            cluster.take(shape, found)
            held += shape.units_milli
            heapq.heappush(ends, (now + life, number, shape, found))
            number += 1
    return 100 * area / capacity / MEASURED_LIVES


def _measured(begin: float, end: float) -> float:
    """How much of a stretch of time lies after the warm-up."""
    return max(0.0, end - max(begin, float(WARM_UP_LIVES)))
