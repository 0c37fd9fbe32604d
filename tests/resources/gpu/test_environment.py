import os
from datetime import UTC, datetime

import pytest

from resources.gpu.environment import in_environment, lease_environment
from resources.gpu.inventory.model import Device, DeviceId, Vendor
from resources.gpu.model import Attempt, Lease, LeaseState, Origin, Owner, RunId
from resources.gpu.requests.grammar import parse_request

CARDS = (
    Device(DeviceId("cuda:0"), "NVIDIA H200", 143771, vendor=Vendor.NVIDIA, uuid="GPU-a"),
    Device(DeviceId("cuda:1:0"), "NVIDIA A100", 4864, vendor=Vendor.NVIDIA, uuid="GPU-b", mig_uuid="MIG-c"),
    Device(DeviceId("cuda:2"), "NVIDIA H200", 143771, vendor=Vendor.NVIDIA, uuid="GPU-d"),
)


def environment_of(*held: str) -> dict[str, str]:
    lease = Lease(
        RunId("run"),
        Attempt(1),
        tuple(DeviceId(one) for one in held),
        parse_request(str(len(held))),
        Owner("vision", "ann"),
        Origin.QUEUE,
        "x",
        LeaseState.CLAIMED,
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    return lease_environment(lease, CARDS)


def test_a_run_sees_the_cards_and_instances_of_its_lease_by_what_stays_with_them() -> None:
    environment = environment_of("cuda:1:0", "cuda:2")
    assert environment["TRAINPLAT_DEVICES"] == "cuda:1:0,cuda:2"
    assert environment["CUDA_VISIBLE_DEVICES"] == "MIG-c,GPU-d"


def test_a_run_without_devices_sees_no_gpu() -> None:
    environment = environment_of()
    assert environment["TRAINPLAT_DEVICES"] == environment["CUDA_VISIBLE_DEVICES"] == ""


def test_blocks_that_overlap_leave_the_environment_of_those_that_go_on_and_then_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIMIT", "of the run")
    monkeypatch.delenv("DEVICES", raising=False)

    def now() -> tuple[str | None, str | None]:
        return os.environ.get("DEVICES"), os.environ.get("LIMIT")

    one, other = in_environment({"DEVICES": "1", "LIMIT": None}), in_environment({"DEVICES": "2"})
    one.__enter__()
    assert now() == ("1", None)
    other.__enter__()
    assert now() == ("2", None)
    one.__exit__(None, None, None)
    assert now() == ("2", "of the run")
    other.__exit__(None, None, None)
    assert now() == (None, "of the run")
