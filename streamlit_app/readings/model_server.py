"""What the model server of a home says of itself, or why it says nothing."""

from dataclasses import dataclass
from typing import Any

from resources.errors import Unavailable
from resources.home import Home
from resources.serving.client import ModelClient
from resources.serving.deployments.analysis import Counts

TIMEOUT_S = 1.0


@dataclass(frozen=True)
class Routed:
    """Who answers for an endpoint, and what was counted since the step began."""

    live: Counts
    new: Counts
    compared: int
    disagreed: int


@dataclass(frozen=True)
class Copy:
    """One process that holds a model."""

    pid: int
    memory_bytes: int
    ready_after_s: float
    """How long it took to be ready."""
    busy_for_s: float
    """With what it was asked last; 0 for one that waits."""


@dataclass(frozen=True)
class Loaded:
    """A model version in the server."""

    reference: str
    is_ready: bool
    reason: str
    """Why it is not ready, where it should be."""
    wanted: int
    starting: int
    waiting: int
    """Samples that no copy has taken yet."""
    copies: tuple[Copy, ...]


@dataclass(frozen=True)
class ModelServer:
    """All that runs in it."""

    routed: dict[str, Routed]
    """By endpoint."""
    loaded: tuple[Loaded, ...]
    problem: str
    """Why it cannot read what is to be live; empty when it can."""

    def is_ready(self, reference: str) -> bool:
        """Whether a version would answer."""
        return any(one.is_ready for one in self.loaded if one.reference == reference)


def read_model_server(home: Home) -> ModelServer | Unavailable:
    """Ask it, for a moment; what keeps it from answering, with the next step, where it does not."""
    with ModelClient(home=home, patience_s=0, timeout_s=TIMEOUT_S) as client:
        try:
            told = client.status()
        except Unavailable as problem:
            return problem
    return server_of(told)


def server_of(told: dict[str, Any]) -> ModelServer:
    """What ``GET /status`` tells."""
    routed = {name: _routed(one) for name, one in told["endpoints"].items()}
    return ModelServer(routed, tuple(_loaded(one) for one in told["models"]), told["problem"] or "")


def _routed(told: dict[str, Any]) -> Routed:
    counts = told["counts"]
    return Routed(_counts(counts["live"]), _counts(counts["new"]), told["compared"], told["disagreed"])


def _counts(told: dict[str, Any]) -> Counts:
    return Counts(told["requests"], told["errors"], told["p50_ms"], told["p99_ms"])


def _loaded(told: dict[str, Any]) -> Loaded:
    copies = tuple(
        Copy(one["pid"], one["memory_bytes"], one["ready_after_s"], one["busy_for_s"])
        for one in told["replicas"]
    )
    return Loaded(
        told["reference"],
        told["state"] == "READY",
        told["reason"],
        told["wanted"],
        told["starting"],
        told["waiting"],
        copies,
    )
