"""The requests of a day are those of the list, or always the same for a seed."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from benchmarks.scaling.load import DAY_S, made_up, read_load

pytestmark = pytest.mark.uncounted

OPENB = "name,qos,creation_time\na,LS,1000\nb,BE,1200\nc,LS,3000\nd,LS,\n"


@pytest.mark.parametrize("packed", [False, True])
def test_arrivals_of_latency_sensitive_pods_are_made_to_last_a_day(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "pods.csv"
    path.write_bytes(gzip.compress(OPENB.encode()) if packed else OPENB.encode())
    load = read_load(path, seed=1)
    assert len(load.day_s) == len(load.times_s) > 0
    assert load.times_s.min() >= 0
    assert load.times_s.max() < DAY_S
    assert load.times_s.max() < DAY_S / 2  # the client that comes last comes when the day is over
    assert (np.diff(load.times_s) >= 0).all()


def test_a_list_of_other_arrivals_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "arrivals.csv"
    path.write_text("arrival_s\n5\n6\n9\n")
    assert len(read_load(path, seed=1).day_s) > 0


def test_a_list_without_arrivals_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "arrivals.csv"
    path.write_text("name\na\n")
    with pytest.raises(ValueError, match=r"arrivals\.csv has the columns \['name'\]"):
        read_load(path, seed=1)
    path.write_text("arrival_s\n5\n5\n")
    with pytest.raises(ValueError, match="two at different times"):
        read_load(path, seed=1)


def test_a_made_up_day_is_the_same_for_a_seed_and_has_days_before_it() -> None:
    first, again, other = made_up(3, 0.05), made_up(3, 0.05), made_up(4, 0.05)
    assert (first.times_s == again.times_s).all()
    assert len(first.times_s) != len(other.times_s)
    assert first.times_s.min() < -3 * DAY_S
    assert 0 < len(first.day_s) < len(first.times_s) / 3
