from dataclasses import replace

import pytest

from resources.gpu.enforcement.isolation import Level, isolation
from resources.gpu.inventory.model import ComputeMode, Device, DeviceId, NodeId, Vendor
from resources.gpu.requests.grammar import parse_request

V100 = Device(DeviceId("cuda:0"), "Tesla V100", 16_384, vendor=Vendor.NVIDIA, compute_capability=(7, 0))
P100 = replace(V100, compute_capability=(6, 0))
CLOSED = replace(V100, compute_mode=ComputeMode.PROHIBITED)
SILENT = replace(V100, compute_capability=None)
SLICE = replace(V100, id=DeviceId("cuda:0:1"), compute_capability=(8, 0), mig_profile="1g.10gb")
CPU = Device(DeviceId("cpu:0"), None, None)
FAR = replace(V100, id=DeviceId("gpu-7/cuda:0"), node=NodeId("gpu-7"))


@pytest.mark.parametrize(
    ("device", "asked", "has_mps", "rule", "level"),
    [
        (V100, "1", True, "I1", Level.ALONE),
        (SLICE, "1(mig-1g.10gb)", False, "I2", Level.ISOLATED),
        (V100, "8G,0.25", True, "I3", Level.LIMITED),
        (V100, "0.25", True, "I4", Level.COOPERATIVE),
        (V100, "8G,0.25", False, "I5", Level.COOPERATIVE),
        (P100, "8G,0.25", True, "I6", Level.COOPERATIVE),
        (CLOSED, "8G,0.25", True, "I6", Level.COOPERATIVE),
        (SILENT, "8G,0.25", True, "I6", Level.COOPERATIVE),
        (SLICE, "8G,0.25", True, "I6", Level.COOPERATIVE),
        (CPU, "0.25", True, "I6", Level.COOPERATIVE),
        (V100, "-1", True, "I7", Level.COOPERATIVE),
        (FAR, "8G,0.25", True, "I11", Level.COOPERATIVE),
        (FAR, "1", True, "I1", Level.ALONE),
    ],
)
def test_what_keeps_a_run_apart_follows_from_device_request_and_driver(
    device: Device, asked: str, has_mps: bool, rule: str, level: Level
) -> None:
    found = isolation(device, parse_request(asked), has_mps=has_mps)
    assert (found.reason.rule, found.level) == (rule, level)
    assert device.id in found.reason.text


def test_the_sentence_names_the_limits() -> None:
    assert isolation(V100, parse_request("8G,0.25"), has_mps=True).reason.text == (
        "MPS limits each process to 8192 MiB and to 25 % of the multiprocessors of cuda:0; "
        "a fault of a neighbour may still end the run."
    )
