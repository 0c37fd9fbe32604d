from resources.gpu.inventory.model import Device, DeviceId, Vendor
from resources.gpu.inventory.visible import visible_devices


def device(
    name: str, vendor: Vendor | None = None, uuid: str | None = None, mig: str | None = None
) -> Device:
    return Device(DeviceId(name), "any", None, vendor=vendor, uuid=uuid, mig_uuid=mig)


def test_cuda_is_shown_what_stays_with_the_card() -> None:
    held = [
        device("cuda:0", Vendor.NVIDIA, "GPU-a"),
        device("cuda:1:2", Vendor.NVIDIA, "GPU-b", "MIG-c"),
        device("cuda:3", Vendor.NVIDIA),
        device("gpu-7/cuda:4"),
    ]
    assert visible_devices(held) == {"CUDA_VISIBLE_DEVICES": "GPU-a,MIG-c,3,4"}


def test_a_process_without_a_device_sees_no_gpu() -> None:
    assert visible_devices([]) == {"CUDA_VISIBLE_DEVICES": ""}
    assert visible_devices([device("cpu:0")]) == {"CUDA_VISIBLE_DEVICES": ""}


def test_each_kind_has_its_own_variable_and_knows_its_devices_by_index() -> None:
    assert visible_devices([device("rocm:1", Vendor.AMD, "0x12"), device("n1/rocm:3", Vendor.AMD)]) == {
        "CUDA_VISIBLE_DEVICES": "",
        "HIP_VISIBLE_DEVICES": "1,3",
    }
    assert visible_devices([device("xpu:0", Vendor.INTEL)])["ZE_AFFINITY_MASK"] == "0"
    assert visible_devices([device("npu:7", Vendor.HUAWEI)])["ASCEND_RT_VISIBLE_DEVICES"] == "7"
