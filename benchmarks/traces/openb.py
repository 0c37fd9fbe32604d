"""openb: the nodes and pods of a GPU cluster of Alibaba (2023), as used by the authors of FGD.

Public at https://github.com/alibaba/clusterdata, folder ``cluster-trace-gpu-v2023``; the same files, with the
variants, at https://github.com/hkust-adsl/kubernetes-scheduler-simulator, folder ``data/csv``. Nodes: ``sn,
cpu_milli, memory_mib, gpu, model``. Pods: ``name, cpu_milli, memory_mib, num_gpu, gpu_milli`` and, in most
variants, ``gpu_spec`` (the models that will do, joined by ``|``).
"""

import csv
import gzip
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from resources.gpu.placement.model import WHOLE_MILLI, DeviceSpec, NodeSpec, Shape

LOAD = 1.3
"""Requested over existing devices when the last pod has arrived."""
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Pod:
    """One request."""

    name: str
    shape: Shape


def read_nodes(path: Path) -> list[NodeSpec]:
    """The nodes, in the order of the file. Device memory is not in the trace."""
    return [
        NodeSpec(
            row["sn"],
            int(row["cpu_milli"]),
            int(row["memory_mib"]),
            tuple(DeviceSpec(row["model"]) for _ in range(int(row["gpu"]))),
        )
        for row in _rows(path)
    ]


def read_pods(path: Path) -> list[Pod]:
    """The pods, sorted by name."""
    pods = [Pod(row["name"], _shape(row)) for row in _rows(path)]
    return sorted(pods, key=lambda pod: pod.name)


def arrivals(pods: list[Pod], capacity_milli: int, seed: int, *, load: float = LOAD) -> list[Pod]:
    """The pods in the order in which they come, as in the published protocol.

    All pods are shuffled; then pods drawn from all of them are added until ``load`` times the capacity is
    requested, or, where more than that is requested, pods are taken out at random.
    """
    draw = random.Random(seed)
    arriving = list(pods)
    draw.shuffle(arriving)
    wanted = load * capacity_milli
    requested = sum(pod.shape.units_milli for pod in arriving)
    while requested < wanted:
        arriving.append(draw.choice(pods))
        requested += arriving[-1].shape.units_milli
    while requested > wanted:
        position = draw.randrange(len(arriving))
        requested -= arriving[position].shape.units_milli
        if requested < wanted:
            break
        del arriving[position]
    return arriving


SYNTHETIC_NODES = (
    (24, 96_000, 393_216, 8, "G2"),
    (16, 104_000, 524_288, 2, "T4"),
    (6, 16_000, 122_880, 2, "P100"),
    (2, 96_000, 786_432, 8, "V100M32"),
)
"""How many, CPU, host memory, devices, model: about a twentieth of the cluster of the trace."""
SYNTHETIC_SHAPES = (
    (44, 1, 1000, 11_400),
    (4, 1, 1000, 3_152),
    (13, 1, 810, 3_152),
    (9, 1, 470, 11_908),
    (4, 1, 320, 4_000),
    (3, 1, 650, 11_908),
    (2, 1, 230, 4_000),
    (2, 1, 460, 6_000),
    (1, 1, 160, 4_000),
    (1, 2, 1000, 16_200),
    (1, 8, 1000, 64_200),
    (13, 0, 1000, 12_500),
)
"""Weight, devices, thousandths of each, CPU."""
SYNTHETIC_PODS = 330


def synthetic_nodes() -> list[NodeSpec]:
    """A small cluster of the kind."""
    return [
        NodeSpec(f"{model.lower()}-{index:03}", cpu, memory, (DeviceSpec(model),) * devices)
        for count, cpu, memory, devices, model in SYNTHETIC_NODES
        for index in range(count)
    ]


def synthetic_pods(seed: int = 0) -> list[Pod]:
    """Pods of the kind, drawn by ``seed``."""
    draw = random.Random(seed)
    drawn = draw.choices(SYNTHETIC_SHAPES, [shape[0] for shape in SYNTHETIC_SHAPES], k=SYNTHETIC_PODS)
    return [
        Pod(f"pod-{index:04}", Shape(devices, milli, cpu_milli=cpu, host_memory_mib=2 * cpu))
        for index, (_, devices, milli, cpu) in enumerate(drawn)
    ]


def capacity_milli(nodes: Iterable[NodeSpec]) -> int:
    """Thousandths of devices in all."""
    return WHOLE_MILLI * sum(len(node.devices) for node in nodes)


def variant(pods: Path | None) -> str:
    """What a result on this pod list is called: its name, without what all pod lists have in theirs."""
    if pods is None:
        return "synthetic"
    return pods.name.partition(".")[0].removeprefix("openb_pod_list_").replace("_", " ")


def _shape(row: dict[str, str]) -> Shape:
    devices = int(row["num_gpu"])
    models = row.get("gpu_spec")
    return Shape(
        devices,
        int(row["gpu_milli"]) if devices == 1 else WHOLE_MILLI,
        models=frozenset(models.split("|")) if models and devices else None,
        cpu_milli=int(row["cpu_milli"]),
        host_memory_mib=int(row["memory_mib"]),
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open("rb") as raw:
        compressed = raw.read(2) == GZIP
    with gzip.open(path, "rt", newline="") if compressed else path.open(newline="") as text:
        yield from csv.DictReader(text)
