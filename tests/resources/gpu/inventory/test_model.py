from resources.gpu.inventory.model import LOCAL, Device, DeviceId, Inventory, Node, NodeId, Vendor


def test_a_card_too_ill_to_tell_its_model_is_no_cpu_slot() -> None:
    assert Device(DeviceId("cpu:0"), None, None).is_cpu_slot
    assert not Device(DeviceId("cuda:0"), None, None, vendor=Vendor.NVIDIA).is_cpu_slot
    assert not Device(DeviceId("cuda:0"), "T4", None).is_cpu_slot


def test_the_devices_of_an_inventory_are_those_of_its_nodes_in_order() -> None:
    first, second, third = (Device(DeviceId(f"cuda:{index}"), "T4", 15360) for index in range(3))
    nodes = (
        Node(LOCAL, 1000, 1, (first, second)),
        Node(NodeId("b"), 1000, 1),
        Node(NodeId("c"), 1, 1, (third,)),
    )
    assert Inventory(nodes).devices == (first, second, third)
