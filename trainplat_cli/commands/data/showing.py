"""Progress of long work on data: a line on a terminal, nothing elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from trainplat_cli.commands.data.shown import bytes_text
from trainplat_cli.texts import _

SHOWN_EVERY_S = 0.2
BAR_CELLS = 24


@contextmanager
def reading_progress(all_files: Callable[[], int] | None = None) -> Iterator[Callable[[int, int], None]]:
    """A line that says how many files were looked at and how much of them was read.

    Where ``all_files`` tells how many there are, it has a bar. It is asked on a terminal only.
    """
    if not sys.stderr.isatty():
        yield lambda files, size_bytes: None  # noqa: ARG005
        return
    files_seen, bytes_read, shown_at = 0, 0, time.monotonic()
    total = 0 if all_files is None else all_files()

    def tell(files: int, size_bytes: int) -> None:
        nonlocal files_seen, bytes_read, shown_at
        files_seen, bytes_read = files_seen + files, bytes_read + size_bytes
        if time.monotonic() - shown_at < SHOWN_EVERY_S:
            return
        shown_at = time.monotonic()
        text = _("{files} files, {size} read").format(files=f"{files_seen:,}", size=bytes_text(bytes_read))
        sys.stderr.write(f"\r\x1b[K{bar(files_seen, total)}{text}")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        sys.stderr.write("\r\x1b[K")


def bar(done: int, total: int) -> str:
    """How far it is; nothing where nobody knows how much there is."""
    if not total:
        return ""
    share = min(1.0, done / total)  # what comes back from elsewhere first is counted, too
    full = int(share * BAR_CELLS)
    return f"{'█' * full}{'░' * (BAR_CELLS - full)} {share:4.0%}  "
