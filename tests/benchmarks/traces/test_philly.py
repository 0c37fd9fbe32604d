"""Philly traces, read and made up."""

import gzip
from pathlib import Path

import pytest

from benchmarks.traces.philly import declared, made_up, read_jobs

CSV = """job_id,num_gpu,submit_time,iterations,model_name,batch_size,duration,interval
7,8,61000,10,bert,4,2500,0
3,1,0,10,vgg16,16,1000,0
4,8,1000,10,bert,4,7000,0
"""


@pytest.mark.parametrize("name", ["trace.csv", "trace.csv.gz"])
def test_a_trace_is_read_plain_or_compressed_in_order_of_submission(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(CSV.encode()) if name.endswith(".gz") else CSV.encode())
    jobs = read_jobs(path)
    assert [(job.id, job.submitted_s, job.duration_s, job.gpus) for job in jobs] == [
        ("3", 0.0, 1.0, 1),
        ("4", 1.0, 7.0, 8),
        ("7", 61.0, 2.5, 8),
    ]
    assert jobs[1].groups == jobs[2].groups != jobs[0].groups


def test_made_up_jobs_follow_from_the_seed_and_offer_the_load_asked_for() -> None:
    jobs = made_up(jobs=300, load=1.5, gpus=64, seed=3)
    assert jobs == made_up(jobs=300, load=1.5, gpus=64, seed=3)
    assert jobs != made_up(jobs=300, load=1.5, gpus=64, seed=4)
    span_s = jobs[-1].submitted_s
    assert 0.7 < sum(job.service_gpu_s for job in jobs) / 64 / span_s < 3.0


def test_a_job_declares_how_long_it_runs_only_where_told_to() -> None:
    jobs = made_up(jobs=5, load=1.0, gpus=64, seed=0)
    assert {job.max_runtime_s for job in jobs} == {None}
    assert [job.max_runtime_s for job in declared(jobs)] == [job.duration_s for job in jobs]
