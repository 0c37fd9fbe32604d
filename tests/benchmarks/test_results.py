"""The form of results, and the page that is written from them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as program
from benchmarks import result
from benchmarks.catalogue import NAMES, benchmark
from benchmarks.report import render
from benchmarks.result import Machine, Result, make_result, read_results, spread
from tests.house.modules import CHECKOUT

MACHINE = Machine("A processor", 2, 4.0, "Linux 6.1", 0.1)


def a_result(name: str = "loop", variant: str = "tasks 1000", **metrics: float) -> Result:
    return make_result(name, variant, metrics or {"tick_s": 0.123456}, MACHINE)


def test_a_result_is_one_json_object_of_the_fixed_form() -> None:
    told = json.loads(a_result().as_json())
    assert set(told) == {"name", "variant", "metrics", "machine", "versions", "measured_at"}
    assert told["metrics"] == {"tick_s": 0.1235}
    assert told["machine"]["load_before"] == 0.1
    assert told["versions"]["dagster"]


def test_a_kept_result_is_read_back_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result, "RESULTS", tmp_path)
    kept = a_result()
    assert kept.path == tmp_path / "loop-tasks-1000.json"
    kept.path.write_text(kept.as_json(indent=2))
    assert read_results() == [kept]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        pytest.param([], {}, id="nothing measured, nothing said"),
        pytest.param([2.0], {"tick_s": 2.0}, id="once"),
        pytest.param(
            [3.0, 1.0, 2.0], {"tick_s": 2.0, "tick_min_s": 1.0, "tick_max_s": 3.0}, id="several times"
        ),
    ],
)
def test_what_was_measured_several_times_is_told_as_median_and_spread(
    values: list[float], told: dict[str, float]
) -> None:
    assert spread("tick_s", values) == told


def test_the_page_sets_variants_side_by_side_and_leaves_out_what_does_not_exist() -> None:
    larger = a_result(variant="tasks 10000", tick_s=2.0, extra_s=12345.6)
    page = render([larger, a_result()])
    assert "| metric | tasks 1000 | tasks 10000 |" in page
    assert "| `tick_s` | 0.1235 | 2 |" in page
    assert "| `extra_s` |  | 12,346 |" in page
    assert "2 cores (A processor), 4 GiB, Linux 6.1, load 0.1" in page


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_says_what_it_measures(name: str) -> None:
    chosen = benchmark(name)
    assert name == chosen.NAME
    assert chosen.DESCRIPTION.endswith(".")


def test_the_list_names_every_benchmark() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks", "list"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout
    assert [line.split()[0] for line in told.splitlines()] == list(NAMES)


def test_all_of_them_are_measured_and_each_result_is_kept_in_a_file_of_its_own() -> None:
    asked = [program._parser().parse_args(["run", *arguments]) for arguments in program.ALL]
    assert {one.name for one in asked} == set(NAMES)
    kept = [a_result(one.name, program._variant(one)).path.name for one in asked]
    assert len(set(kept)) == len(asked)
    assert {"demo.json", "demo-clone.json", "loop-tasks-2000.json"} <= set(kept)


def test_the_page_in_the_docs_is_the_one_that_the_kept_results_give() -> None:
    assert (CHECKOUT / "docs/benchmarks.md").read_text() == render(read_results()), (
        "run: python -m benchmarks report"
    )


def test_the_list_is_there_for_scripts_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "list", "--json"])
    program.main()
    listed = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in listed] == list(NAMES)
    assert all(one["description"] for one in listed)
