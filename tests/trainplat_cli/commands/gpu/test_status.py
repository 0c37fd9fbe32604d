"""``trainplat gpu status``: devices and who has them."""

import json
import os

import pytest

from resources.clock import utc_now
from resources.gpu.enforcement.model import Action, Finding
from resources.gpu.enforcement.report import write_report
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.model import Device, DeviceId, Vendor
from resources.gpu.policy.reason import Reason, Value
from resources.gpu.service import GpuService
from resources.home import Home
from tests.streamlit_app.homes import HOLDER, SMALL
from tests.trainplat_cli.commands.gpu.homes import add_runs, run
from trainplat_cli.commands.gpu import status as module

ILL = Device(DeviceId("cuda:1"), "NVIDIA H100", 81559, vendor=Vendor.NVIDIA, fault="It fell off the bus.")


def test_people_see_who_holds_each_device() -> None:
    add_runs()
    lines = run("status").stdout.splitlines()
    held = next(line for line in lines if line.startswith("cpu:0"))
    assert "100%" in held
    assert f"run {HOLDER[:8]} of vision/mara, asked for 1, for " in held
    assert any("wait" in line and "trainplat gpu queue" in line for line in lines)


def test_machines_get_devices_and_holders() -> None:
    add_runs()
    told = json.loads(run("status", "--json").stdout)
    first = told["devices"][0]
    assert (first["id"], first["share_used"], first["runs"], first["fault"]) == ("cpu:0", 1.0, [HOLDER], None)
    holder = told["holders"][0]
    assert (holder["device"], holder["run"], holder["project"], holder["user"]) == (
        "cpu:0",
        HOLDER,
        "vision",
        "mara",
    )
    assert holder["request"] == "1"
    assert told["waiting"] in {1, 2}, SMALL
    assert str(told["decider"]).split(":")[1] == str(os.getpid())


def test_an_empty_home_says_what_to_do() -> None:
    result = run("status")
    assert result.exit_code == 0
    assert "nobody" in result.stdout
    assert "Nobody holds a device. A run whose tag trainplat/gpu asks for some gets them." in result.stdout


def test_a_lease_of_cores_alone_holds_no_device() -> None:
    assert run("allocate", "cores", "0", "--cpus", "0.5").exit_code == 0
    assert "Nobody holds a device." in run("status").stdout


def test_an_ill_device_is_shown_with_its_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    service = GpuService(Home.from_environment().database(), inventory=lambda: one_node((ILL,)))
    monkeypatch.setattr(module, "gpu_service", lambda: service)
    lines = run("status").stdout.splitlines()
    assert "out of order" in lines[1]
    assert lines[2] == "✗ cuda:1: It fell off the bus."


def test_people_read_it_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    add_runs()
    assert "设备" in run("status").stdout


def test_what_the_watch_saw_last_is_shown() -> None:
    add_runs()
    values: dict[str, Value] = {"device": "cuda:0", "pid": 7, "user": "eve", "used_mib": 900}
    stranger = Reason(
        "U5", "Process {pid} of user {user} has {used_mib} MiB on {device} without a lease.", values
    )
    above = Reason(
        "U4",
        "It has {used_mib} MiB of main memory; its lease has {allowed_mib} MiB.",
        {"used_mib": 9, "allowed_mib": 8},
    )
    home = Home.from_environment()
    assert json.loads(run("status", "--json").stdout)["watch"] is None
    write_report(home, utc_now(), [Finding(stranger, Action.WARN), Finding(above, Action.NONE, HOLDER)])
    shown = run("status").stdout
    assert "! Process 7 of user eve has 900 MiB on cuda:0 without a lease." in shown
    assert f"! run {HOLDER[:8]}: It has 9 MiB of main memory; its lease has 8 MiB." in shown
    noted = json.loads(run("status", "--json").stdout)["watch"]["noted"]
    assert [(one["run"], one["rule"]) for one in noted] == [(None, "U5"), (HOLDER, "U4")]
    (home.run / "watch.json").write_text("{")
    assert json.loads(run("status", "--json").stdout)["watch"] is None
