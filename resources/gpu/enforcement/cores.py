"""Which CPU cores a lease is given, so that leases do not share cores where they need not. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_NODES = Path("/sys/devices/system/node")
CORE_MILLI = 1000


@dataclass(frozen=True)
class Core:
    """One CPU as the kernel numbers it."""

    number: int
    node: int = 0
    """Its NUMA node."""


def choose_cores(
    taken_milli: Mapping[int, int], cpu_milli: int, topology: tuple[Core, ...]
) -> tuple[int, ...]:
    """As many cores as ``cpu_milli`` fills, in ascending order.

    Those of which leases have taken least, and of equals those of one NUMA node: the node on which the wanted
    number of cores has the least taken, then the one with the fewest free cores, so that large leases find a
    whole node later. Of more than there are, all. Raises ValueError for no core, and for none to choose from.
    """
    wanted = min(len(topology), -(-cpu_milli // CORE_MILLI))
    if wanted < 1:
        raise ValueError(f"{cpu_milli} thousandths of a core from {len(topology)} cores; expected some")
    nodes: dict[int, list[Core]] = {}
    for core in topology:
        nodes.setdefault(core.node, []).append(core)

    def taken(core: Core) -> int:
        return taken_milli.get(core.number, 0)

    def first(cores: list[Core]) -> list[Core]:
        return sorted(cores, key=lambda core: (taken(core), core.number))[:wanted]

    anywhere = first(list(topology))
    least = sum(map(taken, anywhere))
    large_enough = [
        (sum(taken(core) == 0 for core in cores), node)
        for node, cores in nodes.items()
        if len(cores) >= wanted and sum(map(taken, first(cores))) <= least
    ]
    chosen = first(nodes[min(large_enough)[1]]) if large_enough else _node_by_node(nodes, taken_milli, wanted)
    return tuple(sorted(core.number for core in chosen))


def _node_by_node(nodes: Mapping[int, list[Core]], taken_milli: Mapping[int, int], wanted: int) -> list[Core]:
    """The least taken cores over as few nodes as it takes."""
    by_load: dict[int, dict[int, list[Core]]] = {}
    for node, cores in nodes.items():
        for core in cores:
            load = taken_milli.get(core.number, 0)
            by_load.setdefault(load, {}).setdefault(node, []).append(core)
    chosen: list[Core] = []
    for load in sorted(by_load):
        for node in sorted(by_load[load], key=lambda node: (-len(by_load[load][node]), node)):
            chosen += sorted(by_load[load][node], key=lambda core: core.number)
    return chosen[:wanted]


def read_topology(allowed: frozenset[int], nodes: Path = _NODES) -> tuple[Core, ...]:
    """The cores of ``allowed`` with their NUMA nodes, as the kernel tells them; node 0 where it does not."""
    node_of = {}
    for folder in sorted(nodes.glob("node[0-9]*")):
        try:
            listed = (folder / "cpulist").read_text()
        except OSError:
            continue
        for number in numbers_in(listed):
            node_of[number] = int(folder.name.removeprefix("node"))
    return tuple(Core(number, node_of.get(number, 0)) for number in sorted(allowed))


def numbers_in(listed: str) -> tuple[int, ...]:
    """The numbers of a list as the kernel writes it, such as ``0-3,8``."""
    found: list[int] = []
    for part in filter(None, listed.strip().split(",")):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return tuple(found)
