"""An inventory of 1,213 nodes with 6,212 devices, and the requests of several projects for it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.traces.openb import Pod
from resources.gpu.inventory.model import Device, DeviceId, Inventory, Node, NodeId, Vendor
from resources.gpu.model import Owner, Terms
from resources.gpu.placement.model import WHOLE_MILLI, NodeSpec, Shape

NODES = (
    (549, 96_000, 393_216, 8, "G2"),
    (387, 104_000, 524_288, 2, "T4"),
    (131, 16_000, 122_880, 2, "P100"),
    (39, 128_000, 786_432, 8, "G3"),
    (28, 32_000, 131_072, 4, "V100M16"),
    (17, 96_000, 393_216, 4, "T4"),
    (22, 96_000, 786_432, 8, "V100M32"),
    (9, 48_000, 376_832, 4, "V100M32"),
    (7, 64_000, 262_144, 8, "V100M16"),
    (24, 8_000, 32_768, 1, "V100M16"),
)
"""How many, CPU, host memory, devices, model: as the nodes of openb."""
PROJECTS = ("vision", "speech", "search", "ads", "maps", "mail", "robots", "games")
USERS = 4


@dataclass(frozen=True)
class Ask:
    """One request in the words of a caller."""

    text: str
    owner: Owner
    terms: Terms


def nodes() -> list[NodeSpec]:
    """The nodes, none of them alike by name."""
    from resources.gpu.placement.model import DeviceSpec

    return [
        NodeSpec(f"{model.lower()}-{count}-{number:04}", cpu, memory, (DeviceSpec(model),) * devices)
        for count, cpu, memory, devices, model in NODES
        for number in range(count)
    ]


def inventory_of(specs: Sequence[NodeSpec]) -> Inventory:
    """The same nodes with devices that have names."""
    return Inventory(
        tuple(
            Node(
                NodeId(spec.name),
                spec.cpu_milli,
                spec.host_memory_mib,
                tuple(
                    Device(
                        DeviceId(f"{spec.name}/cuda:{index}"),
                        one.model,
                        None,
                        vendor=Vendor.NVIDIA,
                        node=NodeId(spec.name),
                    )
                    for index, one in enumerate(spec.devices)
                ),
            )
            for spec in specs
        )
    )


def asks(pods: Sequence[Pod], number: int, seed: int = 0) -> list[Ask]:
    """So many requests, drawn from ``pods``, of all projects and users in turn."""
    draw = random.Random(seed)
    return [_ask(draw.choice(pods).shape, at) for at in range(number)]


def _ask(shape: Shape, at: int) -> Ask:
    models = f"({sorted(shape.models)[0]})" if shape.models else ""
    count = shape.devices if shape.milli == WHOLE_MILLI else shape.milli / WHOLE_MILLI
    owner = Owner(PROJECTS[at % len(PROJECTS)], f"user-{at // len(PROJECTS) % USERS}")
    return Ask(f"{count:g}{models}", owner, Terms(cpu_milli=shape.cpu_milli))
