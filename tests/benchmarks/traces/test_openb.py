"""Reading openb, and the order in which its pods come."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.traces import openb
from resources.gpu.placement.model import DeviceSpec, NodeSpec, Shape

NODES = "sn,cpu_milli,memory_mib,gpu,model\nn-1,64000,262144,2,P100\nn-0,8000,1024,0,\n"
PODS = """name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos
p-2,8000,30517,0,0,,BE
p-0,6000,12288,1,460,,LS
p-1,64000,1000,8,1000,V100M16|V100M32,LS
"""


@pytest.fixture(params=["plain", "compressed"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    nodes, pods = tmp_path / "nodes.csv", tmp_path / "pods.csv"
    for path, text in ((nodes, NODES), (pods, PODS)):
        raw = text.encode()
        path.write_bytes(gzip.compress(raw) if request.param == "compressed" else raw)
    return nodes, pods


def test_nodes_are_read_in_the_order_of_the_file(files: tuple[Path, Path]) -> None:
    assert openb.read_nodes(files[0]) == [
        NodeSpec("n-1", 64_000, 262_144, (DeviceSpec("P100"), DeviceSpec("P100"))),
        NodeSpec("n-0", 8_000, 1_024, ()),
    ]


def test_pods_are_read_sorted_by_name(files: tuple[Path, Path]) -> None:
    models = frozenset({"V100M16", "V100M32"})
    assert openb.read_pods(files[1]) == [
        openb.Pod("p-0", Shape(1, 460, cpu_milli=6_000, host_memory_mib=12_288)),
        openb.Pod("p-1", Shape(8, models=models, cpu_milli=64_000, host_memory_mib=1_000)),
        openb.Pod("p-2", Shape(0, cpu_milli=8_000, host_memory_mib=30_517)),
    ]


def test_a_list_without_models_takes_any(tmp_path: Path) -> None:
    path = tmp_path / "pods.csv"
    path.write_text("name,cpu_milli,memory_mib,num_gpu,gpu_milli\np-0,1000,2000,1,500\n")
    assert openb.read_pods(path) == [openb.Pod("p-0", Shape(1, 500, cpu_milli=1_000, host_memory_mib=2_000))]


def test_all_pods_come_and_more_are_drawn_until_the_load_is_reached() -> None:
    pods = [openb.Pod(f"p-{index}", Shape(1, 500)) for index in range(10)]
    arrived = openb.arrivals(pods, 10_000, 42)
    assert Counter(arrived[:10]) == Counter(pods)
    assert arrived[:10] != pods
    assert len(arrived) == 26
    assert openb.arrivals(pods, 10_000, 42) == arrived
    assert openb.arrivals(pods, 10_000, 43) != arrived


def test_pods_are_left_out_where_more_is_asked_for_than_the_load() -> None:
    pods = [openb.Pod(f"p-{index}", Shape(1)) for index in range(40)]
    arrived = openb.arrivals(pods, 10_000, 42)
    assert len(arrived) == 13
    assert len(set(arrived)) == 13


def test_the_synthetic_input_is_the_same_each_time() -> None:
    assert openb.synthetic_pods(1) == openb.synthetic_pods(1)
    assert openb.synthetic_pods(1) != openb.synthetic_pods(2)
    requested = sum(pod.shape.units_milli for pod in openb.synthetic_pods())
    assert 0.8 < requested / openb.capacity_milli(openb.synthetic_nodes()) < 1.3
