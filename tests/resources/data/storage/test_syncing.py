"""What goes to the disk."""

import os
from pathlib import Path

import pytest

from resources.data.storage.syncing import begin_to_write_out, sync_file_system


def test_what_is_begun_to_be_written_out_stays_as_it_is(tmp_path: Path) -> None:
    content = os.urandom(300_000)
    with (tmp_path / "file").open("w+b", buffering=0) as file:
        file.write(content)
        begin_to_write_out(file.fileno(), 0, 200_000)
        begin_to_write_out(file.fileno(), 200_000, 100_000)
    assert (tmp_path / "file").read_bytes() == content


def test_a_file_that_cannot_be_written_out_early_is_no_error() -> None:
    read, written = os.pipe()
    try:
        begin_to_write_out(written, 0, 10)
    finally:
        os.close(read)
        os.close(written)


def test_file_systems_are_synced(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"kept")
    sync_file_system(tmp_path)
    assert (tmp_path / "file").read_bytes() == b"kept"


def test_what_cannot_be_synced_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync_file_system(tmp_path / "missing")
