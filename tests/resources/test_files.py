"""Writing files all or nothing, on a real full disk too."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import Unavailable
from resources.files import disk_problem, require_room, sync_file, write_atomically


def test_a_file_is_written_with_its_folder_and_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    write_atomically(path, "text", mode=0o600)
    assert path.read_text() == "text"
    assert path.stat().st_mode & 0o777 == 0o600
    write_atomically(path, b"bytes")
    assert path.read_bytes() == b"bytes"
    assert list(path.parent.iterdir()) == [path]


def test_files_and_folders_are_synced_and_what_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"kept")
    sync_file(tmp_path / "file")
    sync_file(tmp_path)
    assert (tmp_path / "file").read_bytes() == b"kept"
    with pytest.raises(FileNotFoundError):
        sync_file(tmp_path / "missing")


def test_a_full_disk_leaves_the_old_content_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # /dev/full answers every write as a full disk does; the draft is a link to it.
    path = tmp_path / "kept.txt"
    write_atomically(path, "old")
    monkeypatch.setattr("resources.files.token_hex", lambda _: "known")
    (tmp_path / f".kept.txt.{os.getpid()}.known.tmp").symlink_to("/dev/full")
    with pytest.raises(Unavailable, match=r"kept\.txt was not written, the old content stands") as problem:
        write_atomically(path, "new")
    assert problem.value.next_step == "Free some space there, then run the same thing again."
    assert path.read_text() == "old"


def test_another_problem_of_the_disk_stays_what_it_is(tmp_path: Path) -> None:
    problem = PermissionError(errno.EACCES, "no")
    assert disk_problem(problem, tmp_path / "x") is problem


WRITER = """
import sys
from pathlib import Path
from resources.files import write_atomically
letter = 0
while True:
    write_atomically(Path(sys.argv[1]), bytes([65 + letter % 26]) * 200_000)
    letter += 1
"""


@pytest.mark.parametrize("delay_ms", [40, 90, 150])
def test_a_kill_at_any_moment_leaves_one_whole_content(tmp_path: Path, delay_ms: int) -> None:
    path = tmp_path / "file"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path])
    while not path.exists():
        assert writer.poll() is None
    try:
        writer.wait(delay_ms / 1000)
    except subprocess.TimeoutExpired:
        writer.kill()
    writer.wait()
    content = path.read_bytes()
    assert len(content) == 200_000
    assert len(set(content)) == 1


@given(st.binary(max_size=1000))
def test_what_is_written_is_what_is_read(content: bytes) -> None:
    folder = Path(os.environ["TRAINPLAT_HOME"])
    write_atomically(folder / "x", content)
    assert (folder / "x").read_bytes() == content


def test_a_disk_with_little_room_is_told_and_one_with_some_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_room(tmp_path / "not" / "there")
    monkeypatch.setattr("resources.files.LEAST_FREE_BYTES", 1 << 60)
    with pytest.raises(Unavailable, match=r"MiB left; expected at least 1099511627776 MiB") as told:
        require_room(tmp_path)
    assert "Free some space" in told.value.next_step
