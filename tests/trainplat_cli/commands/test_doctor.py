import errno
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from resources.home import Home
from trainplat_cli.commands import doctor as module
from trainplat_cli.doctor.model import Finding, Verdict, well
from trainplat_cli.main import main


def some(*findings: Finding) -> object:
    def check(_home: Home) -> Iterator[Finding]:
        yield from findings

    return check


def test_a_machine_that_is_well_ends_with_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    warning = Finding("chromium", Verdict.WARNING, "not found", "apt-get install chromium")
    monkeypatch.setattr(module, "CHECKS", (some(well("Python", "3.11")), some(warning)))
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0
    assert "✓ Python" in result.stdout
    assert "Next: apt-get install chromium" in result.stdout
    assert result.stdout.endswith("Nothing is to be mended.\n")


def test_a_home_that_cannot_be_read_keeps_no_other_check_from_being_made(
    monkeypatch: pytest.MonkeyPatch, trainplat_home: Path
) -> None:
    def check(_home: Home) -> Iterator[Finding]:
        yield well("Python", "3.11")
        raise PermissionError(errno.EACCES, "Permission denied", str(trainplat_home))

    monkeypatch.setattr(module, "CHECKS", (check, some(well("chromium", "/usr/bin/chromium"))))
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 1
    assert f"✗ home               {trainplat_home} cannot be used: Permission denied" in result.stdout
    assert "✓ chromium" in result.stdout


def test_what_is_ill_ends_with_one_and_a_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    ill = Finding("secrets", Verdict.ILL, "can be read by others", "chmod 600 secrets.json")
    monkeypatch.setattr(module, "CHECKS", (some(ill),))
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 1
    assert "✗ secrets" in result.stdout
    assert "Next: chmod 600 secrets.json" in result.stdout
    as_json = CliRunner().invoke(main, ["doctor", "--json"])
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout) == {
        "well": False,
        "findings": [
            {
                "subject": "secrets",
                "verdict": "ill",
                "detail": "can be read by others",
                "next_step": "chmod 600 secrets.json",
            }
        ],
    }


def test_looking_over_an_empty_machine_makes_no_home(trainplat_home: Path) -> None:
    result = CliRunner().invoke(main, ["doctor", "--json"])
    findings = {finding["subject"]: finding for finding in json.loads(result.stdout)["findings"]}
    assert findings["home"]["verdict"] == "skipped"
    assert findings["stack"]["verdict"] == "skipped"
    assert findings["devices"]["verdict"] == "well"
    assert not trainplat_home.exists()
