"""Progress of long work on data: a line on a terminal, nothing elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from trainplat_cli.commands.data.shown import bytes_text
from trainplat_cli.texts import _

SHOWN_EVERY_S = 0.2


@contextmanager
def reading_progress() -> Iterator[Callable[[int, int], None]]:
    """A line that says how many files were looked at and how much of them was read."""
    if not sys.stderr.isatty():
        yield lambda files, size_bytes: None  # noqa: ARG005
        return
    files_seen, bytes_read, shown_at = 0, 0, time.monotonic()

    def tell(files: int, size_bytes: int) -> None:
        nonlocal files_seen, bytes_read, shown_at
        files_seen, bytes_read = files_seen + files, bytes_read + size_bytes
        if time.monotonic() - shown_at < SHOWN_EVERY_S:
            return
        shown_at = time.monotonic()
        text = _("{files} files, {size} read").format(files=f"{files_seen:,}", size=bytes_text(bytes_read))
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        sys.stderr.write("\r\x1b[K")
