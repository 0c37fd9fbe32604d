"""A real server has more replicas when more is asked, and fewer when less is; it says why and when."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from resources.clock import utc_now
from resources.deploy_plan import DeployPlan
from resources.home import Home
from resources.serving.client import ModelClient
from resources.serving.scaling.records.service import ScalingRecords
from tests.resources.serving.homes import SAMPLES, saying, served
from tests.resources.serving.server.test_serving import LIMIT_S, Load, promote, server

EVERYTHING = "rate:2,cpu:90%,memory:90%,latency:60s,queue:100,down:2s,dry_run:on"
READY_S = 30
"""From a decision until its replicas answer."""


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def ready(client: ModelClient) -> int:
    return sum(len(model["replicas"]) for model in client.status()["models"])


@pytest.mark.slow
def test_replicas_come_with_the_load_within_half_a_minute_and_go_with_it(trainplat_home: Path) -> None:
    service = served(trainplat_home, {1: saying(1)})
    promote(service, 1, DeployPlan(most_replicas=3, autoscale="rate:2,down:2s"))
    home = Home(trainplat_home)
    records = ScalingRecords(home, home.database())
    with server(trainplat_home), ModelClient(home=home) as client:
        assert client.ask("digits", SAMPLES).labels == ["1"] * 3
        with Load(trainplat_home):
            until(lambda: ready(client) == 3)
            answered_at = utc_now()
        until(lambda: ready(client) == 1)
        until(lambda: records.steps("digits")[0].decision.replicas == 1)
        told = client.status()["endpoints"]["digits"]["scaling"]
    steps = records.steps("digits")
    begun, last = steps[-1].decision, steps[0].decision
    assert (begun.current, begun.replicas, begun.by) == (0, 1, "S8")
    grown = next(step for step in steps if step.decision.replicas == 3)
    assert grown.decision.current in (1, 2)  # the load was not measured all at once
    assert grown.decision.by in ("S1", "S9")
    assert "rate is" in grown.decision.reasons[0].text
    assert answered_at - grown.at < timedelta(seconds=READY_S)
    assert last.current > 1
    assert last.by in ("S1", "S7")
    assert told["replicas"] == 1
    assert told["rule"] in ("S1", "S7")
    arrivals = records.arrivals("digits")
    assert arrivals is None or sum(arrivals.counts) > 0


@pytest.mark.slow
def test_a_dry_run_says_what_it_would_do_and_starts_nothing(trainplat_home: Path) -> None:
    service = served(trainplat_home, {1: saying(1)})
    promote(service, 1, DeployPlan(most_replicas=3, autoscale=EVERYTHING))
    home = Home(trainplat_home)
    records = ScalingRecords(home, home.database())
    with server(trainplat_home), ModelClient(home=home) as client:
        with Load(trainplat_home):
            until(lambda: any(step.decision.wanted == 3 for step in records.steps("digits")))
            assert client.status()["endpoints"]["digits"]["scaling"]["is_dry_run"]
            assert ready(client) == 1
        until(lambda: client.status()["endpoints"]["digits"]["scaling"]["wanted"] == 1)
        assert client.status()["endpoints"]["digits"]["scaling"]["rule"] != "S3", "all of it is measured"
    (step, *_) = records.steps("digits")
    assert (step.decision.current, step.decision.replicas, step.decision.dry_run) == (1, 1, True)
