"""Programs that pip does not have."""

import pytest

from scripts import system_packages


def test_what_is_missing_is_named_in_one_line_where_it_cannot_be_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda _name: None)
    system_packages.main()
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 1
    assert "sudo apt-get install btrfs-progs chromium fontconfig" in told[0]


def test_nothing_is_said_where_nothing_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(system_packages, "PACKAGES", {"git": lambda: True})
    system_packages.main()
    assert capsys.readouterr().out == ""


def test_root_installs_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed: list[str] = []
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(system_packages, "PACKAGES", {"chromium": lambda: "chromium" in installed})
    monkeypatch.setattr(system_packages, "_apt_get", lambda *arguments: installed.extend(arguments))
    system_packages.main()
    assert installed == ["update", "install", "--no-install-recommends", "chromium"]
    assert "skipped" not in capsys.readouterr().out
