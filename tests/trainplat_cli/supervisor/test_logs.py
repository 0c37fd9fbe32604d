import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trainplat_cli.supervisor.logs import last_lines, rotate, write_header


def test_a_long_log_is_put_aside_while_it_is_written_to(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 100)
        assert not rotate(log, limit_bytes=100)
        writer.write(b"y")
        assert rotate(log, limit_bytes=100)
        writer.write(b"after\n")
    assert log.read_bytes() == b"after\n"
    assert (tmp_path / "part.log.1").read_bytes() == b"x" * 100 + b"y"


def test_a_log_is_cut_even_when_the_disk_has_no_room_for_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    log = tmp_path / "part.log"
    log.write_bytes(b"x" * 100)
    assert rotate(log, limit_bytes=10)
    assert log.read_bytes() == b""
    assert not (tmp_path / "part.log.1").exists()


def test_a_missing_log_is_no_trouble(tmp_path: Path) -> None:
    assert not rotate(tmp_path / "part.log")
    assert last_lines(tmp_path / "part.log", 5) == []


def test_the_last_lines_are_those_of_the_last_start(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    for number in range(2):
        with log.open("ab") as file:
            write_header(file, datetime(2026, 1, 2, 3, 4, number, tzinfo=UTC))
            file.write(f"start {number}\nmore {number}\n".encode())
    assert last_lines(log, 5) == ["start 1", "more 1"]
    assert last_lines(log, 1) == ["more 1"]
    log.write_text("no header\n")
    assert last_lines(log, 5) == ["no header"]
