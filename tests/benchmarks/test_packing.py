"""The packing benchmark: its protocol, what it writes, and that scoring is worth its cost."""

import csv
import json
import random
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from benchmarks import __main__ as program
from benchmarks import packing
from benchmarks.traces import openb
from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import NodeSpec

pytestmark = pytest.mark.uncounted


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str
) -> dict[str, float]:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "run", "packing", *options, "--json"])
    program.main()
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    metrics: dict[str, float] = told["metrics"]
    return metrics


def test_the_result_has_its_metrics_and_every_order_of_nodes_does_as_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = run(monkeypatch, capsys, "--seeds", "42")
    assert {
        *("alloc_100_mean", "alloc_130_mean", "alloc_130_sd", "alloc_130_worst_order"),
        *("decisions_per_s", "decision_p99_ms"),
    } <= set(metrics)
    nodes, pods = openb.synthetic_nodes(), openb.synthetic_pods()
    capacity = openb.capacity_milli(nodes)
    popularity = Counter(pod.shape for pod in pods)
    for order in packing.ORDERS:
        done = packing.replay(
            packing.in_order(nodes, order), popularity, openb.arrivals(pods, capacity, 42), 42
        )
        assert 100 * done.allocated_milli / capacity == pytest.approx(metrics["alloc_130_mean"], abs=1e-3)
        assert 100 * done.allocated_100_milli / capacity == pytest.approx(metrics["alloc_100_mean"], abs=1e-3)


def test_the_three_orders_are_orders_of_the_same_nodes() -> None:
    nodes = openb.synthetic_nodes()
    orders = [packing.in_order(nodes, order) for order in packing.ORDERS]
    assert all(
        sorted(order, key=lambda node: node.name) == sorted(nodes, key=lambda node: node.name)
        for order in orders
    )
    assert len({tuple(node.name for node in order) for order in orders}) == 3
    per_gpu = [node.cpu_milli / len(node.devices) for node in orders[2]]
    assert per_gpu == sorted(per_gpu)


def test_every_arrival_is_written_with_its_place_and_nothing_is_oversold(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    written = tmp_path / "placements.csv"
    metrics = run(monkeypatch, capsys, "--seeds", "42-43", "--placements", str(written))
    nodes = {node.name: node for node in openb.synthetic_nodes()}
    pods = openb.synthetic_pods()
    capacity = openb.capacity_milli(nodes.values())
    with written.open() as text:
        rows = list(csv.DictReader(text))
    allocated = 0
    for seed in (42, 43):
        held: defaultdict[tuple[str, str], float] = defaultdict(float)
        mine = [row for row in rows if row["seed"] == str(seed)]
        assert [row["pod"] for row in mine] == [pod.name for pod in openb.arrivals(pods, capacity, seed)]
        assert [int(row["arrival"]) for row in mine] == list(range(len(mine)))
        for row in mine:
            if not row["node"]:
                continue
            held[row["node"], "cores"] += float(row["cores"])
            held[row["node"], "memory_mib"] += int(row["memory_mib"])
            for device in row["devices"].split():
                held[row["node"], device] += int(row["milli"])
                allocated += int(row["milli"])
        for (name, what), amount in held.items():
            node = nodes[name]
            limits = {"cores": node.cpu_milli / 1000, "memory_mib": node.host_memory_mib}
            assert amount <= limits.get(what, 1000) + 1e-9
            assert what in limits or int(what) < len(node.devices)
    assert 100 * allocated / 2 / capacity == pytest.approx(metrics["alloc_130_mean"], abs=1e-3)


def test_scored_placement_beats_first_fit_and_random_placement_by_a_margin() -> None:
    nodes, pods = openb.synthetic_nodes(), openb.synthetic_pods()
    capacity = openb.capacity_milli(nodes)
    popularity = Counter(pod.shape for pod in pods)
    scored = first_fit = at_random = 0
    for seed in range(42, 50):
        arrived = openb.arrivals(pods, capacity, seed)
        scored += packing.replay(nodes, popularity, arrived, seed).allocated_milli
        first_fit += packing.replay(nodes, {}, arrived, seed).allocated_milli
        at_random += randomly(nodes, arrived, seed)
    percent = [100 * milli / capacity / 8 for milli in (scored, first_fit, at_random)]
    assert percent[0] > percent[1] + 0.4
    assert percent[0] > percent[2] + 4.0


def randomly(nodes: list[NodeSpec], arrived: list[openb.Pod], seed: int) -> int:
    """The same on a node drawn from those that fit."""
    draw, cluster, allocated = random.Random(seed), Cluster(nodes), 0
    for pod in arrived:
        order = draw.sample(range(len(nodes)), len(nodes))
        only = [False] * len(nodes)
        for node in order:
            only[node] = True
            found = cluster.find(pod.shape, allowed=only)
            only[node] = False
            if found is not None:
                cluster.take(pod.shape, found)
                allocated += pod.shape.units_milli
                break
    return allocated


def test_a_result_is_called_after_its_pod_list() -> None:
    assert openb.variant(None) == "synthetic"
    assert openb.variant(Path("x/openb_pod_list_cpu250.csv.gz")) == "cpu250"
    assert openb.variant(Path("my_pods.csv")) == "my pods"
