"""Lines of files that grow."""

from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resources.growing import whole_lines


def test_a_file_that_is_not_there_yet_has_nothing(tmp_path: Path) -> None:
    assert whole_lines(tmp_path / "none", 7) == ([], 7)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=6))
def test_whoever_reads_on_as_it_grows_reads_each_whole_line_once(
    tmp_path: Path, text: bytes, looks: list[int]
) -> None:
    path, found, read_to = tmp_path / "grows", list[bytes](), 0
    path.write_bytes(b"")
    for begin, end in pairwise([0, *sorted(looks), len(text)]):
        with path.open("ab") as file:
            file.write(text[begin:end])
        lines, read_to = whole_lines(path, read_to)
        found += lines
    whole = text[: text.rfind(b"\n") + 1]
    assert found == whole.splitlines()
    assert read_to == len(whole)
