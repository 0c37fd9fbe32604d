"""Replicas by our rules, by the plain rule of Kubernetes, and always the same number, over one day.

The same queue, the same service times and the same clock for all; decisions every 15 s, also ours, for what
is compared are rules and not how often they are asked. What is paid for is a replica from the decision to
start it until its last request is answered. Fewer hours with a longer wait would prove nothing: against ours
stands the least fixed number, and the cheapest target of the plain rule, with its own stabilisation of 300 s
and with ours of 60 s, each found with the day known, that waits no longer at the 99th percentile.
"""

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks.scaling.live import measured
from benchmarks.scaling.load import Load, made_up, read_load
from benchmarks.scaling.plain import TARGETS_PCT, PlainRule
from benchmarks.scaling.service import Model, Outcome, fixed, scaled
from resources.serving.scaling.autoscaler import Autoscaler
from resources.serving.scaling.grammar.parsing import parse_scaling
from resources.serving.scaling.model import ScalingSpec

NAME = "autoscale"
DESCRIPTION = (
    "Replica-hours and latency of a day on a simulated clock: requests of 200 ms, starts of 20 s, decisions "
    "every 15 s, one replica guaranteed (`to_zero`: none); against the least fixed number of replicas with "
    "the same p99, and against the rule of Kubernetes' HPA at 70 % CPU and at the cheapest target, to 1 %, "
    "with the same p99 (`hpa_60s`: with stabilisation of 60 s, as ours has, not its default of 300 s). "
    "Without a file five made-up days, the median; with `--load` the arrivals in "
    "a CSV, from first to last made to last a day, each a client that sends one request a second for two "
    "minutes in the mean. The latency-sensitive pods of openb are public at "
    "https://github.com/alibaba/clusterdata (cluster-trace-gpu-v2023). `live`: for real, with the network of "
    "the digits: the longest time from a decision to the replica that answers, while a server grows to four "
    "of them, and from a request to a model that is not loaded to its answer."
)
OURS = "latency:500ms,forecast:on,down:60s"
MOST = 200
SEEDS = (11, 12, 13, 14, 15)
"""What is reported; what was tried out was tried on others."""


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of this benchmark."""
    parser.add_argument("--load", type=Path, help="a CSV, plain or .gz, with arrival_s or creation_time")
    parser.add_argument("--spec", default=OURS, help=f"how ours scales (default: {OURS})")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="how many made-up days (default: 5)")


def variant(args: Namespace) -> str:
    """What a result on this load is called."""
    if args.load is None:
        return ""
    return str(args.load.name.partition(".")[0].replace("_pod_list_", " ").replace("_", " "))


def run(args: Namespace) -> dict[str, float]:
    """The metrics of one list of arrivals, else the median over made-up days."""
    spec = parse_scaling(args.spec, least=1, most=MOST)
    if args.load is not None:
        return measure(read_load(args.load, seed=0), spec, seed=0)
    seeds = SEEDS[: args.seeds]
    days = [measure(made_up(seed), spec, seed) for seed in seeds]
    names = [name for name in days[0] if all(name in day for day in days)]
    found = {"days": float(len(seeds))} | {name: median(day[name] for day in days) for name in names}
    return found | measured()


def measure(
    load: Load,
    spec: ScalingSpec,
    seed: int,
    model: Model | None = None,
    targets: tuple[int, ...] = TARGETS_PCT,
) -> dict[str, float]:
    """The metrics of one day. What has no answer within the limits is left out."""
    model = model or Model()
    ours = scaled(load, model, Autoscaler(spec), seed)
    plain = PlainRule(load, model, seed, most=MOST)
    plain_60s = PlainRule(load, model, seed, most=MOST, settings=",down:60s")
    metrics = {
        "requests": float(len(load.day_s)),
        "load_mean_replicas": len(load.day_s) * model.service_s / 86_400,
        **_told("ours", ours),
        **_told("ours_to_zero", scaled(load, model, Autoscaler(replace(spec, least=0)), seed)),
        **_told("hpa_70", plain.at(70)),
    }
    for name, tried in (("hpa_same_p99", plain), ("hpa_60s_same_p99", plain_60s)):
        cheapest = tried.cheapest(ours.p99_ms, targets)
        if cheapest is not None:
            metrics |= {**_told(name, cheapest), f"saved_over_{name}_pct": _saved_pct(ours, cheapest)}
    least = _least_fixed(load, model, ours.p99_ms, seed)
    if least is not None:
        metrics |= {**_told("fixed_same_p99", least), "saved_over_fixed_pct": _saved_pct(ours, least)}
    return metrics


def _least_fixed(load: Load, model: Model, p99_ms: float, seed: int) -> Outcome | None:
    """The fewest replicas that wait no longer, all day."""
    low, high, best = 1, MOST, None
    while low <= high:
        middle = _next(low, high)
        tried = fixed(load, model, middle, seed)
        if tried.p99_ms <= p99_ms:
            high, best = middle - 1, tried
        else:
            low = middle + 1
    return best


def _next(low: int, high: int) -> int:
    """Where to look next: many are tried only when few are too few."""
    return min((low + high) // 2, 2 * low + 8)


def _told(name: str, outcome: Outcome) -> dict[str, float]:
    return {
        f"{name}_replica_h": outcome.replica_h,
        f"{name}_p50_ms": outcome.p50_ms,
        f"{name}_p99_ms": outcome.p99_ms,
        f"{name}_over_1s_pct": outcome.over_1s_pct,
        f"{name}_most": float(outcome.most),
        f"{name}_starts": float(outcome.starts),
    }


def _saved_pct(ours: Outcome, other: Outcome) -> float:
    return 100 * (1 - ours.replica_h / other.replica_h)
