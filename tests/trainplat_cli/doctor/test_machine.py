import importlib.util
import platform
import shutil
import sys
from collections import namedtuple
from collections.abc import Iterable
from pathlib import Path

import pytest

from resources.gpu.inventory.model import Device, DeviceId, Vendor
from resources.home import Home
from trainplat_cli.doctor import machine
from trainplat_cli.doctor.model import Finding, Verdict

HOME = Home(Path("/nowhere/at/all"))


def only(findings: Iterable[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_the_python_of_the_locks_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(machine.python(HOME)).verdict is Verdict.WELL
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    monkeypatch.setattr(platform, "python_version", lambda: "3.13.0")
    found = only(machine.python(HOME))
    assert found.verdict is Verdict.ILL
    assert found.detail == "3.13.0; expected 3.11"


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(machine.packages(HOME)).verdict is Verdict.WELL
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "dvc" else object())
    found = only(machine.packages(HOME))
    assert (found.verdict, found.detail) == (Verdict.ILL, "missing: dvc")
    assert "make setup" in found.next_step


def test_label_studio_is_found_or_its_remedy_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_LABEL_STUDIO_BIN", sys.executable)
    assert only(machine.label_studio(HOME)).verdict is Verdict.WELL
    monkeypatch.setenv("TRAINPLAT_LABEL_STUDIO_BIN", "/nowhere")
    assert only(machine.label_studio(HOME)).verdict is Verdict.ILL


def test_devices_are_listed_or_the_setting_that_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(machine.devices(HOME)).verdict is Verdict.WELL
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "many")
    found = only(machine.devices(HOME))
    assert found.verdict is Verdict.ILL
    assert "TRAINPLAT_CPU_SLOTS is 'many'" in found.detail


def test_an_ill_device_is_a_warning_and_where_none_is_well_that_is_ill(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = "It has fallen off the bus."
    cards = [
        Device(DeviceId("cuda:0"), "T4", 15360, vendor=Vendor.NVIDIA),
        Device(DeviceId("cuda:1"), "T4", 15360, vendor=Vendor.NVIDIA, fault=fault),
    ]
    monkeypatch.setattr("resources.gpu.inventory.discover.local_devices", lambda: tuple(cards), raising=True)
    listed, warned = machine.devices(HOME)
    assert (listed.verdict, listed.detail) == (Verdict.WELL, "cuda:0 T4")
    assert (warned.verdict, warned.detail) == (Verdict.WARNING, f"cuda:1: {fault}")
    del cards[0]
    assert [one.verdict for one in machine.devices(HOME)] == [Verdict.ILL, Verdict.WARNING]


def test_a_few_devices_are_named_and_those_of_a_declared_cluster_counted(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainplat_home.mkdir()
    node = "{name: a, cpus: 4, memory: 8GiB, devices: [{model: T4, count: 7}]}"
    (trainplat_home / "inventory.yaml").write_text(f"nodes: [{node}]")
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "20")
    listed = only(machine.devices(HOME)).detail
    assert listed.startswith("cpu:0, cpu:1, ")
    assert listed.endswith("cpu:15 and 4 more; on other machines 7 are declared")


@pytest.mark.parametrize(
    ("free", "verdict"),
    [(100 * 1024**3, Verdict.WELL), (1024**3, Verdict.WARNING), (1024**2, Verdict.ILL)],
)
def test_the_room_on_the_disk_is_judged(free: int, verdict: Verdict, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(free, 0, free))
    assert only(machine.disk(HOME)).verdict is verdict


def test_a_missing_browser_is_only_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert only(machine.chromium(HOME)).verdict is Verdict.WARNING
    monkeypatch.setattr(shutil, "which", lambda _name: "/usr/bin/chromium")
    assert only(machine.chromium(HOME)).verdict is Verdict.WELL


def test_what_is_not_well_must_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="says no next step"):
        Finding("disk", Verdict.ILL, "full")
