"""What is offered in the place of a request that can never be met would be met itself."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from resources.gpu.inventory.model import Device, DeviceId, Inventory, Node, NodeId, Vendor
from resources.gpu.model import Terms
from resources.gpu.placement.model import Span
from resources.gpu.policy.model import Settings
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.requests.fitting import refuse_impossible
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.nearest import MOST, nearest_changes
from resources.gpu.requests.room import fits
from resources.gpu.snapshot import Known, Snapshot
from tests.examples import drawing

KINDS = (
    ("Tesla V100-SXM2-32GB", 32_768, Vendor.NVIDIA, None),
    ("NVIDIA A100-SXM4-40GB", 40_960, Vendor.NVIDIA, None),
    ("NVIDIA A100-SXM4-40GB", 4_864, Vendor.NVIDIA, "1g.5gb"),
    ("AMD Instinct MI300X", 196_608, Vendor.AMD, None),
    ("Ascend 910B", 65_536, Vendor.HUAWEI, None),
    (None, None, None, None),
)
drawn_nodes = st.lists(
    st.tuples(
        st.sampled_from([1000, 8000, 16_000]),
        st.sampled_from([1024, 16_384]),
        st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from([None, 0, 1]), st.booleans()), max_size=4),
    ),
    min_size=1,
    max_size=3,
)


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    nodes = []
    for number, (cpu_milli, memory_mib, kinds) in enumerate(draw(drawn_nodes)):
        devices = tuple(
            Device(
                DeviceId(f"n{number}/x:{index}"), model, memory, NodeId(f"n{number}"), vendor,
                mig_profile=profile, island=island, fault="It is ill." if ill else None,
            )
            for index, ((model, memory, vendor, profile), island, ill) in enumerate(kinds)
        )  # fmt: skip
        nodes.append(Node(NodeId(f"n{number}"), cpu_milli, memory_mib, devices))
    return Inventory(tuple(nodes))


texts = st.sampled_from(
    ["0", "1", "2", "7", "1(V100)", "3(V100)", "1(V10)", "2(A100)", "A100:80GB:2", "nvidia:16GB:3", "8G,0.5",
     "60G,0.5(V100)", "0.25(A100)", "1(amd)", "2(MI300X)", "1(npu,910B)", "1(mig-1g.5gb)", "2(mig-2g.10gb)",
     "MI250:4", "1(H200)"]
)  # fmt: skip
all_terms = st.builds(
    Terms,
    cpu_milli=st.sampled_from([0, 0, 2000, 64_000]),
    host_memory_mib=st.sampled_from([0, 0, 2048, 100_000]),
    span=st.sampled_from(list(Span)),
)


@drawing(2)
@given(inventories(), texts, all_terms)
def test_every_change_that_is_offered_is_accepted(inventory: Inventory, text: str, terms: Terms) -> None:
    request = parse_request(text)
    assume(not fits(request, terms, inventory))
    changes = nearest_changes(request, terms, inventory)
    assert len(changes) <= MOST
    for change in changes:
        refuse_impossible(parse_request(change.text), inventory, change.terms)


@drawing(2)
@given(inventories(), texts, all_terms)
def test_what_fits_has_a_place_in_the_empty_cluster_and_what_does_not_has_none(
    inventory: Inventory, text: str, terms: Terms
) -> None:
    snapshot = Snapshot(inventory, Known((), ()), QuotaTree(), Settings())
    request = parse_request(text)
    shape = snapshot.shapes.shape_of(request, terms)
    placed = snapshot.state.cluster.find(shape, terms.span) is not None
    if request.memory_mib is None:  # the placement takes memory by the model, which has several sizes here
        assert placed == fits(request, terms, inventory)


@given(inventories(), texts)
def test_where_there_is_a_device_something_is_offered(inventory: Inventory, text: str) -> None:
    request = parse_request(text)
    assume(not fits(request, Terms(), inventory))
    slots = all(device.is_cpu_slot for device in inventory.devices)
    assume(any(one.fault is None and one.is_cpu_slot == slots for one in inventory.devices))
    assert nearest_changes(request, Terms(), inventory)


@pytest.mark.parametrize(
    ("name", "offered"),
    [("Graphics Device ((1))", ["1"]), ("A,B", ["1"]), ("Graphics Device", ["1"]), ("V10O", ["1(V10O)"])],
)
def test_a_text_that_cannot_be_read_is_not_offered(name: str, offered: list[str]) -> None:
    strange = Device(DeviceId("cuda:0"), name, 1024, vendor=Vendor.NVIDIA)
    inventory = Inventory((Node(NodeId("n"), 1000, 1000, (strange,)),))
    found = [change.text for change in nearest_changes(parse_request("1(V100)"), Terms(), inventory)]
    assert found == offered
    assert all(parse_request(text) for text in found)
