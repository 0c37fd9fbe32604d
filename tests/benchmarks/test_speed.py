"""The benchmark of speed: its input is of the size that it says, and it measures on whatever there is."""

import argparse

import pytest

from benchmarks import speed
from benchmarks.scale import cluster, decisions, ledger
from benchmarks.traces import openb


def test_the_cluster_has_the_size_that_is_promised() -> None:
    nodes = cluster.nodes()
    inventory = cluster.inventory_of(nodes)
    assert (len(nodes), openb.capacity_milli(nodes)) == (1213, 6_212_000)
    assert len({device.id for device in inventory.devices}) == 6212


def test_requests_are_those_of_the_pods_in_the_words_of_callers() -> None:
    asked = cluster.asks(openb.synthetic_pods(), 50)
    assert {one.owner.project for one in asked} == set(cluster.PROJECTS)
    assert {one.text for one in asked} <= {
        "0",
        "1",
        "2",
        "8",
        "0.81",
        "0.47",
        "0.32",
        "0.65",
        "0.23",
        "0.46",
        "0.16",
    }


def test_it_measures_decisions_and_both_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "AHEAD", 30)
    monkeypatch.setattr(decisions, "LINE", 20)
    monkeypatch.setattr(ledger, "BURST", 20)
    monkeypatch.setattr(ledger, "LINE", 30)
    monkeypatch.setattr(speed, "programs", lambda: None)
    monkeypatch.setattr(speed, "nodes", openb.synthetic_nodes)
    told = speed.run(argparse.Namespace(nodes=None, pods=None, decisions=40))
    assert {"decision_p50_ms", "decision_p99_ms", "decision_cold_p99_ms", "pass_10000_s"} <= set(told)
    assert told["submit_to_bound_1000_sqlite_s"] > 0
    assert told["leases_sqlite"] + told["waiting_sqlite"] >= 20 + 2 + 30 + 2
    assert not [name for name in told if "postgresql" in name]
