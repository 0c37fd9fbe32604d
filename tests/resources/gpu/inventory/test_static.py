"""A cluster as a file declares it."""

import re
from pathlib import Path

import pytest

from resources.errors import BadInput
from resources.gpu.inventory.model import Inventory, Vendor
from resources.gpu.inventory.static import load
from tests.house.modules import CHECKOUT

NODE = "name: a, cpus: 4, memory: 8GiB"


def written(tmp_path: Path, text: str) -> Inventory:
    file = tmp_path / "inventory.yaml"
    file.write_text(text)
    return load(file)


def test_the_example_of_the_manual_is_a_cluster(tmp_path: Path) -> None:
    manual = (CHECKOUT / "docs" / "gpu-inventory.md").read_text()
    (example,) = re.findall(r"```yaml\n(.*?)```", manual, re.DOTALL)
    cluster = written(tmp_path, example)
    assert [node.id for node in cluster.nodes] == ["gpu-01", "gpu-02", "gpu-03", "mixed-1", "cpu-1"]
    first = cluster.nodes[0]
    assert (first.cpu_milli, first.host_memory_mib) == (96_000, 768 * 1024)
    assert first.labels == (("rack", "a1"), ("zone", "2"))
    assert [device.island for device in first.devices] == [0] * 4 + [1] * 4
    assert [device.id for device in first.devices[:2]] == ["gpu-01/cuda:0", "gpu-01/cuda:1"]
    assert {device.node for device in first.devices} == {"gpu-01"}
    assert {device.memory_mib for device in first.devices} == {81559}
    mixed = cluster.nodes[3].devices
    assert [(device.id, device.vendor) for device in mixed] == [
        ("mixed-1/cuda:0", Vendor.NVIDIA),
        ("mixed-1/cuda:1", Vendor.NVIDIA),
        ("mixed-1/cuda:2", Vendor.NVIDIA),
        ("mixed-1/rocm:0", Vendor.AMD),
    ]
    assert [device.model for device in mixed] == ["Tesla T4", "Tesla T4", "NVIDIA L4", "AMD Instinct MI210"]
    assert [device.is_cpu_slot for device in cluster.nodes[4].devices] == [True] * 4


def test_islands_of_several_kinds_are_told_apart(tmp_path: Path) -> None:
    kinds = "[{model: A100, count: 4, islands: 2}, {model: H100, count: 2, islands: 1}, {model: T4}]"
    cluster = written(tmp_path, f"nodes:\n- {{{NODE}, devices: {kinds}}}")
    assert [device.island for device in cluster.devices] == [0, 0, 1, 1, 2, 2, None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "inventory.yaml:1: the file is empty; expected a mapping"),
        ("nodes: []", "inventory.yaml:1: nodes is a list; expected a mapping with the key nodes"),
        ("nodes:\n- name: [", "inventory.yaml:2: this is not YAML that can be used"),
        ("nodes: &n\n- *n", "cannot be read: maximum recursion"),
        ("node:\n- {}", "inventory.yaml:2: node is not known; expected one of the keys nodes"),
        (
            "nodes:\n- 3",
            "inventory.yaml:2: nodes[0] is 3; expected a mapping with some of the keys name, cpus",
        ),
        ("nodes:\n- {name: a}", "inventory.yaml:2: nodes[0] is a mapping; expected a node with a cpus"),
        (
            f"nodes:\n- {{{NODE}}}\n- {{{NODE}}}",
            "inventory.yaml:3: nodes[1] is named a, as the node of line 2 is; expected each name once",
        ),
        ("nodes:\n- {name: A, cpus: 4, memory: 8GiB}", "nodes[0].name is 'A'; expected a host name"),
        ("nodes:\n- {name: local, cpus: 4, memory: 8GiB}", "nodes[0].name is 'local'; expected a host name"),
        (
            "nodes:\n- {name: 'a-[3-1]', cpus: 4, memory: 8GiB}",
            "nodes[0].name is 'a-[3-1]'; expected a range",
        ),
        ("nodes:\n- {name: 'a-[1-99999999]', cpus: 4, memory: 8GiB}", "expected a range"),
        (
            "nodes:\n- {name: a, cpus: 0, memory: 8GiB}",
            "nodes[0].cpus is 0; expected a number of cores above 0",
        ),
        ("nodes:\n- {name: a, cpus: yes, memory: 8GiB}", "nodes[0].cpus is True; expected a number of cores"),
        (
            "nodes:\n- name: a\n  cpus: 4\n  memory: 8GB",
            "inventory.yaml:4: nodes[0].memory is '8GB'; expected a size",
        ),
        ("nodes:\n- {name: a, cpus: 4, memory: 0GiB}", "nodes[0].memory is '0GiB'; expected a size above 0"),
        (f"nodes:\n- {{{NODE}, gpus: 8}}", "nodes[0].gpus is not known; expected one of the keys name, cpus"),
        (f"nodes:\n- {{{NODE}, name: b}}", "nodes[0].name stands twice; expected each key once"),
        (
            f"nodes:\n- {{{NODE}, labels: [x]}}",
            "nodes[0].labels is a list; expected a mapping of names to texts",
        ),
        (f"nodes:\n- {{{NODE}, labels: {{x: [1]}}}}", "nodes[0].labels.x is a list; expected a text"),
        (
            f"nodes:\n- {{{NODE}, cpu_slots: -1}}",
            "nodes[0].cpu_slots is -1; expected a whole number from 0 to 1024",
        ),
        (f"nodes:\n- {{{NODE}, devices: {{}}}}", "nodes[0].devices is a mapping; expected a list of devices"),
        (
            f"nodes:\n- {{{NODE}, devices: [{{}}]}}",
            "nodes[0].devices[0] is a mapping; expected devices with a model",
        ),
        (f"nodes:\n- {{{NODE}, devices: [{{model: ''}}]}}", "devices[0].model is ''; expected a text"),
        (
            f"nodes:\n- {{{NODE}, devices: [{{model: T4, count: 0}}]}}",
            "devices[0].count is 0; expected a whole number",
        ),
        (
            f"nodes:\n- {{{NODE}, devices: [{{model: T4, count: 3, islands: 2}}]}}",
            "islands is 2; expected a number that",
        ),
        (
            f"nodes:\n- {{{NODE}, devices: [{{model: T4, vendor: ati}}]}}",
            "vendor is 'ati'; expected one of: nvidia",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line_key_value_and_what_was_expected(
    text: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput) as raised:
        written(tmp_path, text)
    assert said in raised.value.problem
    assert str(tmp_path) in raised.value.problem


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        load(tmp_path)
    (tmp_path / "latin").write_bytes(b"nodes: \xff")
    with pytest.raises(BadInput, match="cannot be read"):
        load(tmp_path / "latin")
