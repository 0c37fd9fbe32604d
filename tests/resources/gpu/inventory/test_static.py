"""A cluster as a file declares it."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from resources.errors import BadInput
from resources.gpu.inventory import static
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
            "nodes[0].cpus is 0; expected a number of cores above 0 and up to 1000000, such as 96 or 31.5",
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
        (f"nodes:\n- {{{NODE}, labels: {{x: }}}}", "nodes[0].labels.x is empty; expected a text of up to"),
        (
            f"nodes:\n- {{{NODE}, labels: {{x: 'a,b'}}}}",
            "nodes[0].labels.x is 'a,b'; expected a text of up to",
        ),
        (
            f"nodes:\n- {{{NODE}, labels: {{'a b': c}}}}",
            "labels.a b has a name that no run could ask for; expected a name of up to",
        ),
        (
            "nodes:\n- {? [1] : 3}",
            "inventory.yaml:2: nodes[0] has a key that is no word; expected words as keys",
        ),
        ("nodes:\n- {name: a, cpus: 0.0001, memory: 8GiB}", "nodes[0].cpus is 0.0001; expected a number of"),
        ("nodes:\n- {name: a, cpus: 1:30, memory: 8GiB}", "nodes[0].cpus is 90; expected a number of cores"),
        (f"nodes:\n- {{{NODE}, cpu_slots: 010}}", "cpu_slots is 8; expected a whole number from 0 to 1024"),
        (
            f"nodes:\n- {{name: a, cpus: 4, memory: {'9' * 400}TiB}}",
            f"nodes[0].memory is '{'9' * 59}…; expected a size",
        ),
        (
            "nodes:\n- {name: a, cpus: 4, memory: ８GiB}",
            "nodes[0].memory is '８GiB'; expected a size above 0",
        ),
        (f"nodes:\n- {{name: 'a-[{'0' * 5000}1-2]', cpus: 4, memory: 8GiB}}", "expected a host name"),
        (f"nodes:\n- {{name: a, cpus: {'9' * 5000}, memory: 8GiB}}", "nodes[0].cpus is '999"),
        (f"nodes:\n- {{name: {'a' * 81}, cpus: 4, memory: 8GiB}}", "expected a host name"),
        (
            f"nodes:\n- {{{NODE}, devices: [{{model: 2020-13-45, count: 2020-13-45}}]}}",
            "count is '2020-13-45'",
        ),
        (f"nodes:\n- {{{NODE}, devices: [{{model: 4090}}]}}", "model is 4090; expected a text of 1 to 100"),
        (f'nodes:\n- {{{NODE}, devices: [{{model: "a\\e[31m"}}]}}', "expected a text of 1 to 100 characters"),
        (
            f"nodes:\n- {{{NODE}, devices: [{{model: a, vendor: [nvidia]}}]}}",
            "vendor is a list; expected one of",
        ),
        (
            f"nodes:\n- {{{NODE}, devices: [{{model: a, count: 1024}}, {{model: b}}]}}",
            "nodes[0].devices[1] is too much; expected at most 1024 devices on one node",
        ),
        (
            "nodes:\n- {name: 'a-[1-100000]', cpus: 4, memory: 8GiB, devices: [{model: T, count: 3}]}",
            "nodes[0] has too many; expected at most 200000 devices in all",
        ),
        ("nodes: \x00", "cannot be read: unacceptable character #x0000: special characters are not allowed"),
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


def test_labels_are_texts_as_they_are_written(tmp_path: Path) -> None:
    cluster = written(
        tmp_path, f"nodes:\n- {{{NODE}, labels: {{v: 1.10, on: yes, day: 2026-01-02, n: 007}}}}"
    )
    assert cluster.nodes[0].labels == (("day", "2026-01-02"), ("n", "007"), ("on", "yes"), ("v", "1.10"))


def test_a_few_lines_that_repeat_each_other_are_refused_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static, "MOST_VALUES", 10_000)
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]" for old, new in pairwise("abcdefghi")]
    with pytest.raises(BadInput, match="is too much; expected a file of at most 10000 values"):
        written(tmp_path, "\n".join(lines))


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        load(tmp_path)
    (tmp_path / "latin").write_bytes(b"nodes: \xff")
    with pytest.raises(BadInput, match="cannot be read"):
        load(tmp_path / "latin")
