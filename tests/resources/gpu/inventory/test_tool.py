from pathlib import Path

import pytest

from resources.errors import Unavailable
from resources.gpu.inventory import tool
from resources.gpu.inventory.tool import ask, ask_json, ask_json_if_told, find_tool, number, version_of, whole
from tests.resources.gpu.inventory.conftest import InstallTool


def test_a_tool_is_found_on_path_or_where_its_vendor_installs_it(
    install_tool: InstallTool, tmp_path: Path
) -> None:
    assert find_tool("some-smi", str(tmp_path)) is None
    beside = tmp_path / "some-smi"
    beside.touch()
    assert find_tool("some-smi", "/nowhere", str(tmp_path)) == str(beside)
    assert find_tool("some-smi", str(tmp_path)) != str(install_tool("other-smi", {}))
    assert find_tool("some-smi") is None
    assert find_tool("other-smi") == str(install_tool("other-smi", {}))


def test_json_is_read_after_whatever_a_tool_warns_of(install_tool: InstallTool) -> None:
    program = str(install_tool("some-smi", {"warns": "[W] no group\n[1, 2]\n", "says": "nothing\n"}))
    assert ask_json(program, "warns") == [1, 2]
    with pytest.raises(Unavailable, match=r"`some-smi says` does not tell .* it prints no JSON: 'nothing'"):
        ask_json(program, "says")
    assert ask_json_if_told(program, "says") == []


def test_a_tool_that_fails_hangs_or_cannot_run_is_told(
    install_tool: InstallTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = install_tool("some-smi", {})
    with pytest.raises(Unavailable, match="it ends with 1 and says 'some-smi knows no -x'"):
        ask(str(program), "-x")
    assert version_of(str(program), "--version") == ""
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(tool, "TIMEOUT_S", 0.05)
    with pytest.raises(Unavailable, match=r"it has not ended after 0\.05 s"):
        ask(str(program))
    program.chmod(0o644)
    with pytest.raises(Unavailable, match="Permission denied"):
        ask(str(program))


def test_an_answer_that_is_fresh_enough_is_not_asked_for_again(install_tool: InstallTool) -> None:
    program = str(install_tool("some-smi", {"x": "first"}))
    assert ask(program, "x", fresh_s=1000) == "first"
    install_tool("some-smi", {"x": "second"})
    assert ask(program, "x", fresh_s=1000) == "first"
    assert ask(program, "x") == "second"
    assert ask(program, "x", fresh_s=1000) == "second"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (12, 12.0),
        ("12.5", 12.5),
        ({"value": "3", "unit": "W"}, 3.0),
        ({"value": "N/A", "unit": "W"}, None),
        ("N/A", None),
        ("nan", None),
        ("-", None),
        (True, None),
        (None, None),
        ([], None),
        ({}, None),
    ],
)
def test_a_number_is_read_in_every_form_that_tools_write(told: object, expected: float | None) -> None:
    assert number(told) == expected
    assert whole(told) == (None if expected is None else int(expected))
