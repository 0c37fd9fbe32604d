"""The file that tells how busy the devices of a training are."""

from datetime import timedelta
from pathlib import Path

from resources.learning.trainings.use import USE, DeviceUse, Use, append_use, newest_use, read_use
from tests.resources.learning.trainings.examples import NOW


def look(second: int) -> Use:
    """One look."""
    return Use(NOW + timedelta(seconds=second), (DeviceUse("cpu:0", 0.9, 100.0), DeviceUse("cpu:1", None)))


def test_looks_are_read_as_they_were_put_down_and_on_from_where_one_was(tmp_path: Path) -> None:
    assert read_use(tmp_path) == ([], 0)
    append_use(tmp_path, look(0))
    first, end = read_use(tmp_path)
    append_use(tmp_path, look(5))
    assert first == [look(0)]
    assert read_use(tmp_path, end)[0] == [look(5)]
    assert newest_use(tmp_path) == [look(0), look(5)]


def test_the_newest_are_whole_lines_and_what_a_kill_cut_off_is_passed_over(tmp_path: Path) -> None:
    assert newest_use(tmp_path) == []
    for second in range(10):
        append_use(tmp_path, look(second))
    size = (tmp_path / USE).stat().st_size // 10
    assert newest_use(tmp_path, 3 * size) == [look(8), look(9)]
    with (tmp_path / USE).open("a") as file:
        file.write('{"at": "2026')
    assert read_use(tmp_path)[0][-1] == look(9)
