"""Requests per second and latency of the model server, beside the smallest applications and MLflow's."""

import argparse
import json
import os
import signal
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.serving.client import Load, load
from resources.errors import Unavailable
from resources.home import Home
from resources.process import ProcessIdentity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.serving.servers import Server

NAME = "serving"
DESCRIPTION = (
    "Requests of one picture each over HTTP, by one native client on one core (h2load), at 1 and 64 at once: "
    "the model server beside the smallest application of a library, of uvicorn alone, and `mlflow models "
    "serve`, with the same network and the same batching; turns taken in one run, the others stopped. The "
    "network of the digits, and the same one that takes 20 ms. Then 100,000 requests while the version is "
    "switched and replicas are killed."
)
CLIENTS = (1, 64)
OURS, MLFLOW = "trainplat", "mlflow"
KILL_EACH_S = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument("--turns", type=int, default=5, help="how often each is asked; the median counts")
    parser.add_argument("--for-s", type=float, default=3.0, help="how long each is asked in a turn, about")
    parser.add_argument("--peers", default="litserve,uvicorn", help="also rayserve and bentoml, by commas")
    parser.add_argument("--requests", type=int, default=100_000, help="how many while versions are switched")


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Rates, latencies and ratios, by model, number of clients and server; and how many requests failed."""
    from benchmarks.serving import models, servers
    from resources.serving.running import begin

    found: dict[str, float] = {}
    peers = [peer for peer in arguments.peers.split(",") if peer]
    with tempfile.TemporaryDirectory(prefix="trainplat-serving-") as folder, ExitStack() as opened:
        place = Path(folder)
        home = Home(place / "home")
        opened.enter_context(models.at_home(home))
        weights = models.fill(home)
        bodies = {protocol: place / f"{protocol}.json" for protocol in ("ours", MLFLOW)}
        for protocol, path in bodies.items():
            path.write_text(json.dumps(models.body_of(protocol)))
        for title, sleep_ms in (("digits", 0.0), ("slow", models.SLOW_MS)):
            saved = models.saved_for_mlflow(weights, place, sleep_ms)
            if sleep_ms:
                models.register(home, saved)
            with ExitStack() as running:
                body = bodies["ours"]
                record = begin(home, leave_after_s=600)
                running.callback(_end, record.process)
                model = f"{models.SLOW}:1" if sleep_ms else models.NAME
                asked = {OURS: (f"{record.address}/v2/models/{model}/infer", body)}
                others: list[Server] = []
                for peer in peers:
                    others.append(running.enter_context(servers.app(peer, weights, sleep_ms, body)))
                    asked[peer] = (others[-1].address, body)
                others.append(running.enter_context(servers.mlflow(saved, place, bodies[MLFLOW])))
                asked[MLFLOW] = (others[-1].address, bodies[MLFLOW])
                for clients in CLIENTS:
                    turns = _turns(asked, others, clients, arguments)
                    found |= _metrics(f"{title}_{clients}", turns)
                if not sleep_ms:
                    with servers.paused(others):
                        found |= _switched(home, asked[OURS], record.address, arguments.requests)
    return found


def _turns(
    asked: dict[str, tuple[str, Path]],
    others: "Sequence[Server]",
    clients: int,
    arguments: argparse.Namespace,
) -> dict[str, list[Load]]:
    """Each server in each turn, after one that only warms up and says how many requests take that long."""
    from benchmarks.serving import servers

    def alone(name: str, requests: int) -> Load:
        address, body = asked[name]
        with servers.paused([one for one in others if one.name != name]):
            return load(address, body, clients=clients, requests=requests)

    counts: dict[str, int] = {}
    for name, (address, _) in asked.items():
        warm = alone(name, max(50, 4 * clients))
        if warm.failed:
            raise Unavailable(
                f"{name} answered {warm.requests - warm.failed} of {warm.requests} requests at {address}",
                "Ask it by hand to see why.",
            )
        counts[name] = max(4 * clients, int(warm.per_s * arguments.for_s))
    turns: dict[str, list[Load]] = {name: [] for name in asked}
    for _ in range(arguments.turns):
        for name in asked:
            turns[name].append(alone(name, counts[name]))
    return turns


def _metrics(title: str, turns: dict[str, list[Load]]) -> dict[str, float]:
    """Medians by server, and ratios of what was measured in the same turn."""
    found: dict[str, float] = {}
    for name, loads in turns.items():
        found[f"{title}_{name}_per_s"] = median(one.per_s for one in loads)
        found[f"{title}_{name}_p50_ms"] = median(one.percentile_ms(0.5) for one in loads)
        found[f"{title}_{name}_p99_ms"] = median(one.percentile_ms(0.99) for one in loads)
        found[f"{title}_{name}_failed"] = float(sum(one.failed for one in loads))
        if name != OURS:
            pairs = zip(turns[OURS], loads, strict=True)
            found[f"{title}_over_{name}"] = median(ours.per_s / theirs.per_s for ours, theirs in pairs)
    return found


def _switched(home: Home, asked: tuple[str, Path], address: str, requests: int) -> dict[str, float]:
    """How many of so many requests fail while versions are switched to and fro and replicas are killed."""
    from benchmarks.serving import models
    from resources.serving.client import ModelClient
    from resources.serving.deployments.service import DeploymentService
    from resources.serving.references import parse_reference

    deployments = DeploymentService(home, home.database())
    ends = threading.Event()
    killed: list[int] = []
    switched: list[int] = []

    def disturb() -> None:
        number = 1
        with ModelClient(address) as client:
            while not ends.wait(KILL_EACH_S):
                replicas = [one for model in client.status()["models"] for one in model["replicas"]]
                for one in replicas[:1]:
                    os.kill(one["pid"], signal.SIGKILL)
                    killed.append(one["pid"])
                if deployments.state(models.NAME).rollout is None:
                    number = 3 - number
                    deployments.promote(
                        parse_reference(f"{models.NAME}:{number}"),
                        models.ACTOR,
                        "to and fro",
                        declared=models.PLAN,
                    )
                    switched.append(number)

    disturbing = threading.Thread(target=disturb)
    disturbing.start()
    try:
        seen = load(*asked, clients=CLIENTS[-1], requests=requests)
    finally:
        ends.set()
        disturbing.join()
    return {
        "switch_requests": float(seen.requests),
        "switch_failed": float(seen.failed),
        "switch_killed_replicas": float(len(killed)),
        "switch_switches": float(len(switched)),
        "switch_p99_ms": seen.percentile_ms(0.99),
    }


def _end(process: ProcessIdentity) -> None:
    os.kill(process.pid, signal.SIGTERM)
    while process.is_alive():
        time.sleep(0.05)
