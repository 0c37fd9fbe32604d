"""What a tick of the arbiter says."""

from dataclasses import replace
from pathlib import Path

import pytest
from dagster import DagsterInstance, DefaultSensorStatus, SkipReason, build_sensor_context

from resources.gpu.inventory import discover
from resources.gpu.inventory.model import Device, DeviceId, Vendor
from resources.gpu.model import Attempt, Grant, Origin, Owner, RunId, Wait
from resources.gpu.resource import GpuResource
from resources.terms import Actor
from sensors.arbiter import build_arbiter_sensor, summary

GRANT = Grant(RunId("a" * 36), Attempt(1), (DeviceId("cpu:0"),), "A2", "Granted cpu:0.")
WAIT = Wait(RunId("b" * 36), Attempt(1), "A3", "Waits for 1 device(s), 0 free.", place=1)


def test_a_tick_says_who_was_granted_and_why_the_first_one_waits() -> None:
    assert summary([], 0) == "Nothing waits for devices."
    assert summary([GRANT], 0) == "Granted 1, waiting 0."
    assert summary([GRANT, WAIT], 30) == (
        "Granted 1, waiting 30. First in line, run bbbbbbbb: Waits for 1 device(s), 0 free."
    )


def test_a_tick_on_a_machine_whose_accelerators_are_all_ill_waits_and_says_so(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ill = Device(DeviceId("cuda:0"), "H100", 81_559, vendor=Vendor.NVIDIA, uuid="GPU-0", fault="It is lost.")
    monkeypatch.setattr(discover, "local_devices", lambda: (ill,))
    service = GpuResource().service()
    with monkeypatch.context() as well:
        well.setattr(discover, "local_devices", lambda: (replace(ill, fault=None),))
        service.submit(
            RunId("b1"), "1", owner=Owner("v", "a"), origin=Origin.DIRECT, instance="x", actor=Actor("user:a")
        )
    with (
        DagsterInstance.ephemeral() as instance,
        build_sensor_context(instance=instance, resources={"gpu": GpuResource()}) as context,
    ):
        told = build_arbiter_sensor()(context)
    assert isinstance(told, SkipReason)
    assert told.skip_message is not None
    assert told.skip_message.startswith(
        "Nothing is given out: every accelerator of this machine is ill: cuda:0: It is lost."
    )
    assert "TRAINPLAT_ACCELERATOR" in told.skip_message


def test_the_arbiter_runs_from_the_start() -> None:
    arbiter = build_arbiter_sensor()
    assert arbiter.name == "gpu_arbiter"
    assert arbiter.default_status is DefaultSensorStatus.RUNNING
