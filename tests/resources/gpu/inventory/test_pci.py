from pathlib import Path

import pytest

from resources.gpu.inventory import pci


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("00000000:4D:00.0", "0000:4d:00.0"),
        ("0001:4d:00.0", "0001:4d:00.0"),
        ("00010000:4d:00.7", "10000:4d:00.7"),
        ("NA", None),
        ("4d:00.0", None),
        ("", None),
    ],
)
def test_a_bus_id_is_written_as_the_kernel_writes_it(told: str, expected: str | None) -> None:
    assert pci.bus_id(told) == expected


def test_the_kernel_knows_the_numa_node_of_a_device(tmp_path: Path) -> None:
    for bus, node in {"0000:01:00.0": "1\n", "0000:02:00.0": "-1\n", "0000:03:00.0": "?\n"}.items():
        (tmp_path / bus).mkdir()
        (tmp_path / bus / "numa_node").write_text(node)
    assert pci.numa_node("0000:01:00.0", tmp_path) == 1
    assert pci.numa_node("0000:02:00.0", tmp_path) is None
    assert pci.numa_node("0000:03:00.0", tmp_path) is None
    assert pci.numa_node("0000:04:00.0", tmp_path) is None
    assert pci.numa_node(None) is None
