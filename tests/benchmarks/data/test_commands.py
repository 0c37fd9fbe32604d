"""What is told of measured commands."""

import sys
from pathlib import Path

import pytest

from benchmarks.data.commands import Cost, Ledger, cost_of
from resources.errors import Unavailable


def test_ratios_are_of_medians_and_the_floor_stands_beside_ours() -> None:
    ledger = Ledger()
    for tool, costs in {"dvc": (9.0, 8.0, 100.0), "ours": (2.0, 4.0, 1.0), "floor": (1.0, 1.0, 1.0)}.items():
        for cpu_s in costs:
            ledger.add("first_copy", tool, Cost(cpu_s, 2 * cpu_s, 10.0))
    found = ledger.metrics()
    assert found["first_copy_cpu_ratio"] == 4.5
    assert found["first_copy_wall_ratio"] == 4.5
    assert found["first_copy_over_floor"] == 2.0
    assert "first_copy_floor_wall_s" not in found


def test_what_only_one_tool_can_do_has_no_ratio() -> None:
    ledger = Ledger()
    ledger.add("space", "ours", Cost(1.0, 1.0, 1.0))
    assert set(ledger.metrics()) == {"space_ours_cpu_s", "space_ours_wall_s", "space_ours_peak_rss_mib"}


def test_a_command_that_fails_is_told_with_what_it_said(tmp_path: Path) -> None:
    failing = [sys.executable, "-c", "import sys; sys.exit('no such data set')"]
    with pytest.raises(Unavailable, match="ended with 1: no such data set"):
        cost_of(failing, tmp_path, {})


def test_the_memory_of_a_command_is_its_own(tmp_path: Path) -> None:
    held = bytearray(200 * 2**20)
    cost = cost_of([sys.executable, "-I", "-S", "-c", "pass"], tmp_path, {})
    assert cost.peak_rss_mib * 2**20 < len(held)
