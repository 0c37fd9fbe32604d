"""Log files of the parts, kept from filling the disk."""

import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

LIMIT_BYTES = 10 * 1024 * 1024
"""A log that has grown past this is put aside as ``<name>.log.1``, in place of the one put aside before."""

HEADER = "--- trainplat started this part at "


def rotate(log: Path, *, limit_bytes: int = LIMIT_BYTES) -> bool:
    """Put a log that is too long aside. Returns whether it was.

    The part goes on writing to the same file, which it has open to append: so it is copied and cut, and what
    is written between the two is lost. On a full disk there is no copy; the log is cut all the same.
    """
    aside = log.with_name(log.name + ".1")
    try:
        if log.stat().st_size <= limit_bytes:
            return False
        try:
            shutil.copyfile(log, aside)
        except OSError:
            aside.unlink(missing_ok=True)
        os.truncate(log, 0)
    except FileNotFoundError:
        return False
    return True


def write_header(log: BinaryIO, now: datetime) -> None:
    """Say in the log that the part is started, so that a reader knows which lines belong together."""
    log.write(f"{HEADER}{now:%Y-%m-%d %H:%M:%S}Z\n".encode())
    log.flush()


def last_lines(log: Path, count: int) -> list[str]:
    """The last lines of a log since the part was started last; none where there is no log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 64 * 1024))
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    starts = [number for number, line in enumerate(lines, start=1) if line.startswith(HEADER)]
    return lines[starts[-1] if starts else 0 :][-count:]
