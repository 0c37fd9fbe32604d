import shutil
from argparse import ArgumentParser
from pathlib import Path

import pytest

from benchmarks import serving
from benchmarks.serving.client import Load, load, read
from resources.errors import NotFound


def test_a_log_of_the_client_says_how_many_were_answered_and_how_long_each_took() -> None:
    seen = read("1000000\t200\t2000\n1001000\t503\t100\n1000500\t200\t1000\n1002000\t-1\t0\n", 5)
    assert seen == Load(5, 3, 0.002, (1.0, 2.0))
    assert seen.per_s == 1000.0
    assert (seen.percentile_ms(0.5), seen.percentile_ms(0.99)) == (2.0, 2.0)


def test_nothing_that_was_answered_is_all_failed() -> None:
    assert read("", 7) == Load(7, 7, 0.0, ())


def test_a_client_that_is_not_installed_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(NotFound, match="h2load is not installed") as missing:
        load("http://127.0.0.1:1", tmp_path, clients=1, requests=1)
    assert "nghttp2-client" in missing.value.next_step


@pytest.mark.slow
@pytest.mark.needs("h2load")
@pytest.mark.timeout(900)
def test_no_request_fails_while_versions_are_switched_and_replicas_are_killed() -> None:
    parser = ArgumentParser()
    serving.add_arguments(parser)
    given = ["--turns", "1", "--for-s", "0.2", "--peers", "uvicorn", "--requests", "20000"]
    found = serving.run(parser.parse_args(given))
    assert found["switch_requests"] == 20_000
    assert found["switch_killed_replicas"] > 0
    assert found["switch_switches"] > 0
    failed = {name: count for name, count in found.items() if name.endswith("_failed")}
    assert len(failed) == 13  # of three servers, two models and two numbers of clients, and while switched
    assert not any(failed.values())
