"""What a tick of the arbiter says."""

from dagster import DefaultSensorStatus

from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import Attempt, Grant, RunId, Wait
from sensors.arbiter import build_arbiter_sensor, summary

GRANT = Grant(RunId("a" * 36), Attempt(1), (DeviceId("cpu:0"),), "A2", "Granted cpu:0.")
WAIT = Wait(RunId("b" * 36), Attempt(1), "A3", "Waits for 1 device(s), 0 free.", place=1)


def test_a_tick_says_who_was_granted_and_why_the_first_one_waits() -> None:
    assert summary([], 0) == "Nothing waits for devices."
    assert summary([GRANT], 0) == "Granted 1, waiting 0."
    assert summary([GRANT, WAIT], 30) == (
        "Granted 1, waiting 30. First in line, run bbbbbbbb: Waits for 1 device(s), 0 free."
    )


def test_the_arbiter_runs_from_the_start() -> None:
    arbiter = build_arbiter_sensor()
    assert arbiter.name == "gpu_arbiter"
    assert arbiter.default_status is DefaultSensorStatus.RUNNING
