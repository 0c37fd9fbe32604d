from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from resources.files import write_atomically
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.model import Device, DeviceId, Inventory, Node, NodeId, Vendor
from resources.gpu.inventory.xid import xid_fault
from resources.gpu.service import GpuService
from resources.home import Home
from tests.streamlit_app import homes, shared_home
from tests.streamlit_app.conftest import words

OpenPage = Callable[..., AppTest]
SEES = "streamlit_app.readings.cluster.discover_inventory"


def test_each_device_shows_who_holds_how_much_of_it_and_what_keeps_them_apart(
    open_page: OpenPage, shared: Home
) -> None:
    shown = words(open_page("cluster"))
    assert "3.75 of 4" in shown
    for text in ("cpu:0", "partly in use", "vision · mara", "vision · lea", "cooperative: only watched"):
        assert text in shown
    title = "vision · mara: 0.5 of it, run a1a1a1a1, for 56 min; cooperative: only watched"
    assert title in shown
    assert shown.count("tp-cooperative") >= 3  # two parts of one device, and the legend


def test_past_leases_are_listed_and_all_devices_can_be_downloaded(
    open_page: OpenPage, filled_home: Home
) -> None:
    app = open_page("cluster")
    assert "the run ended" in words(app)
    assert "48 s" in words(app)
    assert [button.label for button in app.download_button] == ["Download all devices as CSV"]


def test_a_chinese_reader_reads_why_a_lease_ended(open_page: OpenPage, filled_home: Home) -> None:
    shown = words(open_page("cluster", locale="zh-CN"))
    assert "运行已结束" in shown
    assert "the run ended" not in shown


def test_runs_link_to_the_dagster_ui_where_it_is_known(open_page: OpenPage, filled_home: Home) -> None:
    write_atomically(filled_home.addresses_file, '{"dagster": "http://127.0.0.1:1/"}')
    assert f'href="http://127.0.0.1:1/runs/{homes.HOLDER}"' in words(open_page("cluster"))


def test_an_idle_machine_says_so(open_page: OpenPage, trainplat_home: object) -> None:
    home = Home.from_environment()
    homes.add_versions(home, home.database(), datetime.now(UTC))
    shown = words(open_page("cluster"))
    assert "0 of 2" in shown
    assert "No lease has ended yet." in shown


def test_devices_that_cannot_be_listed_say_what_to_do(
    open_page: OpenPage, filled_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "many")
    error = open_page("cluster").error[0].value
    assert "TRAINPLAT_CPU_SLOTS is 'many'" in error
    assert "Next: Set TRAINPLAT_CPU_SLOTS" in error


def test_a_machine_whose_devices_are_all_ill_is_shown_with_what_is_wrong(
    open_page: OpenPage, filled_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    ill = Device(DeviceId("cuda:0"), "NVIDIA H100", 81559, vendor=Vendor.NVIDIA, fault="It fell off the bus.")
    monkeypatch.setattr(SEES, lambda: one_node((ill,)))
    shown = words(open_page("cluster"))
    assert "out of order" in shown
    assert "It fell off the bus." in shown


def test_a_chinese_reader_reads_what_is_wrong_with_a_device(
    open_page: OpenPage, filled_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    ill = Device(
        DeviceId("cuda:0"), "NVIDIA H100", 81559, vendor=Vendor.NVIDIA, fault=xid_fault(79, "cuda:0")
    )
    monkeypatch.setattr(SEES, lambda: one_node((ill,)))
    shown = words(open_page("cluster", locale="zh-CN"))
    assert "其驱动报告了 Xid 79（已从总线掉线）" in shown
    assert "Its driver told of" not in shown


def test_a_declared_node_is_shown_as_one_that_nobody_looks_at(
    open_page: OpenPage, filled_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    (filled_home.path / "inventory.yaml").write_text(
        "nodes:\n- {name: 'gpu-[1-2]', cpus: 8, memory: 64GiB, devices: [{model: NVIDIA H100, count: 8}]}\n"
        "- {name: here, cpus: 1, memory: 1GiB}\n"
    )
    monkeypatch.setattr("socket.gethostname", lambda: "here.example.org")
    shown = words(open_page("cluster"))
    assert "this machine (here)" in shown
    assert shown.count("declared: no run is started there, and nobody looks at its devices") == 2
    assert "gpu-1/cuda:7 · NVIDIA H100 · free · declared" in shown


def test_a_drained_device_says_why(open_page: OpenPage, shared: Home) -> None:
    GpuService(shared.database()).drain("cpu:1", reason="new driver", actor=homes.TESTER)
    shown = words(open_page("cluster"))
    assert "new driver" in shown
    assert "tp-sq tp-drained" in shown


def test_thousands_of_devices_are_counted_by_kind_and_shown_a_page_of_nodes_at_a_time(
    open_page: OpenPage, filled_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory = large(1213)
    monkeypatch.setattr(SEES, lambda: inventory)
    app = open_page("cluster")
    shown = words(app)
    assert f"{len(inventory.devices):,}" in shown
    assert "NVIDIA T4" in shown
    assert shown.count('class="tp-node"') == 48
    (pages,) = [box for box in app.selectbox if box.label == "Shown"]
    assert pages.options[-1] == "1,201 to 1,213 of 1,213"
    app.text_input[0].set_value("node-1200").run()
    shown = words(app)
    assert shown.count('class="tp-node"') == 1
    assert "node-1200" in shown
    app.text_input[0].set_value("nothing").run()
    assert "No node has such a device." in words(app)


def large(nodes: int) -> Inventory:
    """A cluster of five devices and a bit on each node, of two kinds."""
    return Inventory(
        tuple(
            Node(NodeId(f"node-{number}"), 64_000, 512_000, devices_of(number, 8 if number % 8 == 0 else 5))
            for number in range(nodes)
        )
    )


def devices_of(node: int, count: int) -> tuple[Device, ...]:
    model = "NVIDIA T4" if node % 3 else "NVIDIA V100"
    return tuple(
        Device(DeviceId(f"node-{node}/cuda:{at}"), model, 15_109, NodeId(f"node-{node}"), Vendor.NVIDIA)
        for at in range(count)
    )


def test_one_machine_needs_no_choice(open_page: OpenPage, shared: Home) -> None:
    assert not open_page("cluster").text_input
    assert one_node(shared_home.SLOTS).devices == shared_home.SLOTS
