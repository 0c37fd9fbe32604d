"""A history as plain rows: what a cluster is, who asked for what, what was done. No type of the arbiter's."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Machine:
    """One node. ``cards`` are (model, memory in MiB, island)."""

    cards: tuple[tuple[str, int, int], ...]
    cpu_milli: int = 10**9
    memory_mib: int = 10**9


@dataclass(frozen=True)
class Quota:
    """What a project may use: thousandths of devices, over all models. None: no limit."""

    nominal: int
    borrowing_limit: int | None = None
    lending_limit: int | None = None
    cohort: str | None = None


@dataclass(frozen=True)
class Asked:
    """A request, as its submitter wrote it."""

    run: str
    project: str
    devices: int
    milli: int = 1000
    card_memory_mib: int = 0
    models: frozenset[str] | None = None
    cpu_milli: int = 0
    memory_mib: int = 0
    one_node: bool = True
    one_island: bool = False
    priority: int = 0
    preemptible: bool = False


@dataclass(frozen=True)
class Event:
    """One thing that happened. ``what``: submit, withdraw, grant, stop, keep, end, requeue, lose, pass."""

    at_s: float
    what: str
    run: str = ""
    places: tuple[tuple[int, int], ...] = ()
    """(node, card) of each card that is given, lost, or, on ``stop`` and ``keep``, kept for the run."""
    victims: tuple[str, ...] = ()
    rule: str = ""


@dataclass(frozen=True)
class World:
    """What does not change in a history."""

    machines: tuple[Machine, ...]
    asked: Mapping[str, Asked]
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    min_runtime_s: float = 0.0
    cool_down_s: float = 0.0
