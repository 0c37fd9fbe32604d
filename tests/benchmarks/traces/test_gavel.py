"""Gavel's virtual clusters as projects."""

import gzip
import json
from pathlib import Path

import pytest

from benchmarks.traces.gavel import made_up_projects, read_projects, steps_per_s

MEASURED = {
    "v100": {"('LM (batch size 5)', 1)": {"null": 100.0}, "('LM (batch size 5)', 2)": {"null": 150.0}}
}


def write_traces(folder: Path, line: str = "LM (batch size 5)\trun\t-step\t1\t3000\t60.5\t2") -> Path:
    (folder / "simulation_throughputs.json").write_text(json.dumps(MEASURED))
    (folder / "seed0_0e4a51.trace.tsv.gz").write_bytes(gzip.compress(f"{line}\n".encode()))
    return folder


def test_a_virtual_cluster_is_a_project_whose_jobs_last_their_steps(tmp_path: Path) -> None:
    (job,) = read_projects(write_traces(tmp_path))["0e4a51"]
    assert (job.id, job.project, job.submitted_s, job.duration_s, job.gpus) == (
        "0e4a51-0",
        "0e4a51",
        60.5,
        20.0,
        2,
    )


def test_a_throughput_that_was_not_measured_is_that_of_one_gpu_for_each() -> None:
    assert steps_per_s({("LM", 1): 100.0, ("LM", 2): 150.0}, "LM", 2) == 150.0
    assert steps_per_s({("LM", 1): 100.0, ("LM", 2): 0.0}, "LM", 2) == 200.0
    assert steps_per_s({("LM", 1): 100.0}, "LM", 8) == 800.0


def test_a_file_of_another_form_is_refused_by_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"seed0_0e4a51\.trace\.tsv\.gz:1 has 2 columns; expected 7"):
        read_projects(write_traces(tmp_path, "LM\t3"))


def test_a_folder_without_traces_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="throughputs beside the traces"):
        read_projects(tmp_path)


def test_made_up_projects_have_jobs_of_their_own() -> None:
    projects = made_up_projects(projects=3, jobs=10, load=1.0, seed=0)
    assert len({job.id for jobs in projects.values() for job in jobs}) == 30
