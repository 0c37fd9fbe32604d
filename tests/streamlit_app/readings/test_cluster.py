import csv
import io
from datetime import UTC, datetime

from resources.gpu.inventory.model import Device, DeviceId, DeviceReading, Inventory, Node, NodeId, Vendor
from resources.gpu.model import Attempt, Lease, LeaseState, Origin, Owner, RunId, Terms
from resources.gpu.placement.model import Span
from resources.gpu.requests.grammar import parse_request
from resources.home import Home
from streamlit_app.readings.cluster import Sought, Use, by_model, node_uses, read_cluster
from tests.streamlit_app import homes

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def device(name: str, model: str = "NVIDIA V100", fault: str | None = None) -> Device:
    return Device(DeviceId(name), model, 16_384, NodeId(name[0]), Vendor.NVIDIA, fault=fault)


def lease(run: str, text: str, *devices: str, project: str = "vision", terms: Terms | None = None) -> Lease:
    return Lease(
        RunId(run),
        Attempt(1),
        tuple(map(DeviceId, devices)),
        parse_request(text),
        Owner(project, "ann"),
        Origin.QUEUE,
        "here",
        LeaseState.CLAIMED,
        NOW,
        terms=terms or Terms(),
    )


A = Node(NodeId("a"), 32_000, 65_536, (device("a/cuda:0"), device("a/cuda:1", fault="It is ill.")))
B = Node(NodeId("b"), 32_000, 65_536, (device("b/cuda:0", "NVIDIA T4"), device("b/cuda:1", "NVIDIA T4")))
CLUSTER = Inventory((A, B))


def test_a_device_shows_its_parts_and_who_has_them() -> None:
    leases = (lease("x", "0.5", "a/cuda:0"), lease("y", "0.25", "a/cuda:0", project="speech"))
    first, second = node_uses(CLUSTER, leases, {}, has_mps=False)[0].cards
    assert [one.lease.run_id for one in first.holders] == ["x", "y"]
    assert (first.used_milli, first.use) == (750, Use.PART)
    assert (second.use, second.fault) == (Use.ILL, "It is ill.")


def test_what_a_look_finds_wrong_counts_as_much_as_what_the_inventory_says() -> None:
    seen = {DeviceId("b/cuda:0"): DeviceReading(DeviceId("b/cuda:0"), fault="It fell off the bus.")}
    cards = node_uses(CLUSTER, (), seen, has_mps=False)[1].cards
    assert [card.use for card in cards] == [Use.ILL, Use.FREE]


def test_a_drained_device_says_why() -> None:
    drained = {DeviceId("b/cuda:1"): "new driver"}
    card = node_uses(CLUSTER, (), {}, has_mps=False, drained=drained)[1].cards[1]
    assert (card.use, card.drained) == (Use.DRAINED, "new driver")


def test_cpus_of_a_gang_over_nodes_are_counted_in_proportion() -> None:
    terms = Terms(cpu_milli=8000, host_memory_mib=3000, span=Span.NODES)
    leases = (lease("x", "3", "a/cuda:0", "b/cuda:0", "b/cuda:1", terms=terms),)
    used = [
        (one.cpu_used_milli, one.memory_used_mib) for one in node_uses(CLUSTER, leases, {}, has_mps=False)
    ]
    assert used == [(2667, 1000), (5333, 2000)]


def test_cpus_without_a_device_are_those_of_the_one_node() -> None:
    one = Inventory((A,))
    (node,) = node_uses(one, (lease("x", "0", terms=Terms(cpu_milli=4000)),), {}, has_mps=False)
    assert node.cpu_used_milli == 4000


def test_a_lease_on_a_device_that_is_gone_harms_nothing() -> None:
    assert all(
        not card.holders
        for one in node_uses(CLUSTER, (lease("x", "1", "gone"),), {}, has_mps=False)
        for card in one.cards
    )


def test_nodes_are_found_by_name_kind_project_and_state() -> None:
    nodes = node_uses(CLUSTER, (lease("x", "1", "b/cuda:0"),), {}, has_mps=False)

    def found(sought: Sought) -> list[str]:
        return [one.node.id for one in nodes if sought.matches(one)]

    assert found(Sought()) == ["a", "b"]
    assert found(Sought(name="A")) == ["a"]
    assert found(Sought(model="NVIDIA T4")) == ["b"]
    assert found(Sought(project="vision")) == ["b"]
    assert found(Sought(use=Use.ILL)) == ["a"]
    assert found(Sought(project="vision", use=Use.FREE)) == []


def test_kinds_are_counted_the_most_numerous_first() -> None:
    seen = {DeviceId("b/cuda:0"): DeviceReading(DeviceId("b/cuda:0"), utilisation_pct=80.0)}
    nodes = node_uses(CLUSTER, (lease("x", "0.5", "a/cuda:0"),), seen, has_mps=False)
    kinds = by_model(card for one in nodes for card in one.cards)
    assert [(one.model, one.devices, one.used_milli, one.free, one.out) for one in kinds] == [
        ("NVIDIA T4", 2, 0, 2, 0),
        ("NVIDIA V100", 2, 500, 0, 1),
    ]
    assert [one.utilisation_pct for one in kinds] == [80.0, None]


def test_devices_are_read_with_their_leases(home: Home) -> None:
    cluster = read_cluster(home, home.database(), clock=lambda: NOW)
    assert [one.lease.run_id for card in cluster.cards for one in card.holders] == [homes.HOLDER]
    assert cluster.projects() == {"vision": 1000}
    rows = list(csv.DictReader(io.StringIO(cluster.as_csv())))
    assert [(row["device"], row["state"], row["used"], row["runs"]) for row in rows] == [
        ("cpu:0", "full", "1", homes.HOLDER),
        ("cpu:1", "free", "0", ""),
    ]
