"""The devices of this machine, or the nodes of a declared cluster."""

import os
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from resources.errors import BadInput, Unavailable
from resources.gpu.inventory import static
from resources.gpu.inventory.discover import (
    discover,
    discover_inventory,
    known_inventory,
    with_vanished,
)
from resources.gpu.inventory.model import Device, DeviceId, Inventory, Node, NodeId, Vendor
from tests.resources.gpu.inventory.conftest import Look

SLOTS = ["cpu:0", "cpu:1"]


def test_the_cards_that_nvml_lists_are_the_devices(look: Look) -> None:
    seen = look("NVIDIA H200\t143771", "Tesla V100-SXM2-32GB\t32768")
    assert [(one["id"], one["model"], one["memory_mib"]) for one in seen["devices"]] == [
        ("cuda:0", "NVIDIA H200", 143771),
        ("cuda:1", "Tesla V100-SXM2-32GB", 32768),
    ]
    assert seen["given out"] == ["cuda:0", "cuda:1"]


def test_a_gpu_that_shares_the_machines_memory_is_a_device(look: Look) -> None:
    seen = look("NVIDIA GB10\t0", "NVIDIA H200\t143771")
    assert [one["memory_mib"] for one in seen["devices"]] == [None, 143771]
    assert seen["given out"] == ["cuda:0", "cuda:1"]


def test_a_driver_without_cards_leaves_the_cpu_slots(look: Look) -> None:
    not_loaded = look("broken 9")
    assert not_loaded["given out"] == SLOTS
    assert not_loaded["nvml"] == "the NVIDIA driver is installed and not loaded"
    assert look("")["given out"] == SLOTS


def test_a_driver_that_does_not_answer_is_an_error_and_not_a_machine_without_gpus(look: Look) -> None:
    said = "the NVIDIA driver is installed but NVML does not answer: "
    assert look("broken 18")["problem"] == said + "RM has detected an NVML/RM version mismatch."


def test_a_machine_whose_every_card_is_ill_gives_out_no_cpu_slots(look: Look) -> None:
    problem = look("lost card\t1")["problem"]
    assert problem.startswith("every accelerator of this machine is ill: cuda:0: It has fallen off the bus")


def test_gpus_are_left_alone_where_the_cpu_is_asked_for(look: Look) -> None:
    assert look("NVIDIA H200\t143771", accelerator="cpu")["given out"] == SLOTS
    assert [one["id"] for one in look("broken 18", accelerator="cpu")["devices"]] == SLOTS


def test_tests_and_what_they_start_see_no_gpu_of_this_machine(look: Look) -> None:
    assert look("NVIDIA H200\t143771", accelerator=os.environ["TRAINPLAT_ACCELERATOR"])["given out"] == SLOTS


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="this machine has an NVIDIA driver")
def test_a_machine_without_a_driver_has_its_cpu_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_ACCELERATOR", "auto")
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "3")
    assert [device.id for device in discover()] == ["cpu:0", "cpu:1", "cpu:2"]


def test_this_machine_is_one_node_with_what_its_runs_may_use() -> None:
    (node,) = discover_inventory().nodes
    assert node.id == "local"
    assert 0 < node.cpu_milli <= 1000 * len(os.sched_getaffinity(0))
    assert node.host_memory_mib > 0
    assert [device.id for device in node.devices] == SLOTS


DECLARED = (
    "nodes:\n  - {name: a, cpus: 0.5, memory: 8MiB, labels: {rack: r1}, devices: [{model: T4, count: 2}]}\n"
)


def test_a_file_in_the_home_declares_nodes_beside_this_machine(trainplat_home: Path) -> None:
    trainplat_home.mkdir()
    (trainplat_home / "inventory.yaml").write_text(DECLARED)
    found = discover_inventory()
    assert [device.id for device in found.devices] == [*SLOTS, "a/cuda:0", "a/cuda:1"]
    assert [(node.id, node.takes_runs) for node in found.nodes] == [("local", True), ("a", False)]
    assert [device.id for device in found.for_runs.devices] == SLOTS
    assert [device.id for device in discover()] == SLOTS


@pytest.mark.parametrize("name", ["a", "A.example.org"])
def test_the_node_that_bears_the_name_of_this_machine_is_this_machine(
    name: str, trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainplat_home.mkdir()
    (trainplat_home / "inventory.yaml").write_text(DECLARED + "  - {name: b, cpus: 1, memory: 1GiB}\n")
    monkeypatch.setattr(socket, "gethostname", lambda: name)
    here, other = discover_inventory().nodes
    assert (here.id, here.declared_as, here.takes_runs) == ("local", "a", True)
    assert [device.id for device in here.devices] == SLOTS
    assert (here.cpu_milli, here.host_memory_mib, here.labels) == (500, 8, (("rack", "r1"),))
    assert (other.id, other.declared_as) == ("b", "")


def test_a_declared_cluster_is_read_again_once_its_file_has_changed(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainplat_home.mkdir()
    file = trainplat_home / "inventory.yaml"
    file.write_text(DECLARED)
    first = discover_inventory()
    with monkeypatch.context() as patched:
        patched.setattr(static, "load", lambda _: pytest.fail("the file has not changed"))
        assert discover_inventory() is first
    file.write_text(DECLARED.replace("count: 2", "count: 3"))
    assert len(discover_inventory().devices) == len(first.devices) + 1
    file.unlink()
    assert [node.id for node in discover_inventory().nodes] == ["local"]


def test_a_cluster_that_cannot_be_read_stops_the_giving_out(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainplat_home.mkdir()
    (trainplat_home / "inventory.yaml").write_text("nodes: 3\n")
    with pytest.raises(Unavailable, match=r"inventory.yaml:1: nodes is 3; expected") as raised:
        known_inventory()
    assert "No run is started meanwhile" in raised.value.next_step
    assert [device.id for device in discover()] == SLOTS
    with monkeypatch.context() as patched:
        patched.setattr(static, "load", lambda _: pytest.fail("the file has not changed"))
        with pytest.raises(BadInput, match="nodes is 3"):
            discover_inventory()


def test_a_file_that_is_named_and_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_INVENTORY", "/nowhere/inventory.yaml")
    with pytest.raises(
        BadInput, match=r"TRAINPLAT_INVENTORY is '/nowhere/inventory.yaml'; expected the path"
    ):
        discover_inventory()


def gpu(index: int, uuid: str | None, fault: str | None = None) -> Device:
    return Device(DeviceId(f"cuda:{index}"), "T4", 15360, vendor=Vendor.NVIDIA, uuid=uuid, fault=fault)


def machine(*devices: Device, name: str = "local") -> Inventory:
    return Inventory((Node(NodeId(name), 1000, 1024, devices),))


def test_a_card_that_is_gone_is_kept_with_a_fault_and_the_others_keep_their_ids() -> None:
    before = machine(gpu(0, "a"), gpu(1, "b"), gpu(2, "c"))
    after = with_vanished(before, machine(gpu(0, "a"), gpu(1, "c")))
    assert [(one.id, one.uuid) for one in after.devices] == [
        ("cuda:0", "a"),
        ("cuda:1", "b"),
        ("cuda:2", "c"),
    ]
    assert [one.fault for one in after.devices] == [
        None,
        "It is gone: no driver on its node lists it any more.",
        None,
    ]


def test_a_card_that_comes_back_is_well_again_and_a_new_one_is_added() -> None:
    before = with_vanished(machine(gpu(0, "a"), gpu(1, "b")), machine(gpu(0, "a")))
    after = with_vanished(before, machine(gpu(0, "a"), gpu(1, "b"), gpu(2, "new")))
    assert [(one.id, one.fault) for one in after.devices] == [
        ("cuda:0", None),
        ("cuda:1", None),
        ("cuda:2", None),
    ]


def test_a_new_card_never_takes_the_id_that_the_leases_of_another_one_name() -> None:
    before = machine(gpu(0, "a"))
    after = with_vanished(before, machine(gpu(0, "exchanged")))
    assert [(one.id, one.uuid) for one in after.devices] == [("cuda:0", "a")]
    assert after.devices[0].fault is not None


def test_the_devices_of_a_node_that_is_gone_are_kept_with_a_fault() -> None:
    ill = gpu(1, "b", fault="It was ill before.")
    before = Inventory((*machine(gpu(0, "a"), name="n1").nodes, *machine(ill, name="n2").nodes))
    after = with_vanished(before, Inventory(before.nodes[:1]))
    assert after.nodes[0] == before.nodes[0]
    assert [one.fault for one in after.nodes[1].devices] == ["It was ill before."]
    gone = with_vanished(before, Inventory(before.nodes[1:]))
    assert {one.id: one.fault for one in gone.devices} == {
        "cuda:1": "It was ill before.",
        "cuda:0": "Its node n1 is not in the inventory any more.",
    }


def test_nothing_changes_where_nothing_vanished() -> None:
    found = machine(gpu(0, "a"), replace(gpu(1, None), fault="ill"))
    assert with_vanished(found, found) == found
