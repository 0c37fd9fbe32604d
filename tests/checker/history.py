"""A history as plain rows: what a cluster is, who asked for what, what was done. No type of the arbiter's."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Place = tuple[int, int]
"""A card: the index of its node, and its own on the node."""


@dataclass(frozen=True)
class Machine:
    """One node. ``cards`` are (model, memory in MiB, island)."""

    cards: tuple[tuple[str, int, int], ...]
    cpu_milli: int = 10**9
    memory_mib: int = 10**9
    labels: frozenset[tuple[str, str]] = frozenset()


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
    max_runtime_s: float | None = None
    group: str = ""
    labels: frozenset[tuple[str, str]] = frozenset()
    near: str | None = None
    apart: str | None = None

    @property
    def units(self) -> int:
        """Thousandths of cards in all."""
        return self.devices * self.milli


@dataclass(frozen=True)
class Event:
    """One thing that happened. ``what`` is one of:

    ``submit``, ``refuse`` (at submission), ``withdraw``, ``end``, ``requeue``; ``lose`` (a card);
    ``reserve``, ``spend`` (the budget of a project is used up), ``quota`` (a project has another one from now
    on), ``drain`` (nothing new begins there) and ``undrain``; and what a pass decides: ``grant``, ``stop``,
    ``move`` (where a stopped run goes on), ``wait``, ``keep``; ``pass`` at its end.
    """

    at_s: float
    what: str
    run: str = ""
    """A run; on ``reserve`` the reservation, on ``spend`` and ``quota`` the project, on ``drain`` what people
    call it."""
    places: tuple[Place, ...] = ()
    """The cards that are given, lost, drained or reserved; on ``stop``, ``move`` and ``keep`` kept for it."""
    victims: tuple[str, ...] = ()
    rule: str = ""
    project: str = ""
    """Whose reservation."""
    starts_at_s: float | None = None
    """When a reservation begins, or the run for which something is kept is expected to start."""
    ends_at_s: float | None = None
    evict: bool = False
    """On ``drain``: whether what can stop makes room at once."""
    quota: Quota | None = None


@dataclass(frozen=True)
class World:
    """What does not change in a history, but for quotas: those at its beginning."""

    machines: tuple[Machine, ...]
    asked: Mapping[str, Asked]
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    min_runtime_s: float = 0.0
    cool_down_s: float = 0.0
    keep_after_s: float = 300.0
    most_evictions: int = 20
    moves_per_job: float = 0.0
    longest_min_runtime_s: float = 4800.0
    """Between equals the minimum runtime doubles with each eviction, up to this."""

    @property
    def cards(self) -> int:
        """How many there are."""
        return sum(len(machine.cards) for machine in self.machines)
