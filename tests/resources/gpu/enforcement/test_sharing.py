import pytest

from resources.gpu.enforcement.sharing import can_be_limited
from resources.gpu.inventory.model import ComputeMode, Device, DeviceId, Vendor


@pytest.mark.parametrize(
    ("capability", "mode", "can"),
    [
        ((6, 0), ComputeMode.DEFAULT, False),
        ((7, 0), ComputeMode.DEFAULT, True),
        ((8, 0), ComputeMode.EXCLUSIVE, True),
        ((9, 0), ComputeMode.PROHIBITED, False),
        ((9, 0), None, True),
        (None, None, False),
    ],
)
def test_cards_since_volta_can_be_limited_in_any_mode_but_prohibited(
    capability: tuple[int, int] | None, mode: ComputeMode | None, can: bool
) -> None:
    card = Device(
        DeviceId("cuda:0"), "GPU", 1, vendor=Vendor.NVIDIA, compute_capability=capability, compute_mode=mode
    )
    assert can_be_limited(card) == can


def test_a_part_of_a_slice_and_a_card_of_another_vendor_cannot_be_limited() -> None:
    slice_of_card = Device(
        DeviceId("cuda:0:1"), "GPU", 1, vendor=Vendor.NVIDIA, compute_capability=(9, 0), mig_uuid="MIG-1"
    )
    other = Device(DeviceId("rocm:0"), "GPU", 1, vendor=Vendor.AMD, compute_capability=(9, 4))
    assert not can_be_limited(slice_of_card)
    assert not can_be_limited(other)
