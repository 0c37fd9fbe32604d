"""Progress of long work on data: a line on a terminal, nothing elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from resources.data.storage.worktree import Progress
from trainplat_cli.commands.data.shown import bytes_text
from trainplat_cli.texts import _

SHOWN_EVERY_S = 0.2
COUNTED_AFTER_S = 1.0
"""Work that takes so long is worth that its files are counted for a bar."""
BAR_CELLS = 24


@contextmanager
def reading_progress(count: Callable[[], int] | None = None, *, as_json: bool = False) -> Iterator[Progress]:
    """A line that says how many files were looked at and how much of them was read.

    It has a bar once the work tells how many are to come. ``count`` counts them where the work cannot know
    it: it is asked on a terminal only, and not by what is done soon. ``as_json``: nothing is shown.
    """
    if as_json or not sys.stderr.isatty():
        yield _tell_nobody
        return
    try:
        yield _Line(count).tell
    finally:
        sys.stderr.write("\r\x1b[K")


def bar(done: int, total: int) -> str:
    """How far it is; nothing where nobody knows how much there is."""
    if not total:
        return ""
    share = min(1.0, done / total)  # files may have come since they were counted
    full = int(share * BAR_CELLS)
    return f"{'█' * full}{'░' * (BAR_CELLS - full)} {share:4.0%}  "


def _tell_nobody(files: int, size_bytes: int, to_come: int = 0) -> None:
    pass


class _Line:
    def __init__(self, count: Callable[[], int] | None) -> None:
        self._count = count
        self._files = self._bytes_read = 0
        self._done = self._total = 0
        self._began_at = self._shown_at = time.monotonic()

    def tell(self, files: int, size_bytes: int, to_come: int = 0) -> None:
        """Count, and show it if that was not done just now."""
        if to_come and self._done >= self._total:
            self._done = self._total = 0  # the next part of the work, of which nobody knew before
        self._total += to_come
        self._done += files
        self._files, self._bytes_read = self._files + files, self._bytes_read + size_bytes
        now = time.monotonic()
        if now - self._shown_at < SHOWN_EVERY_S:
            return
        if self._count is not None and now - self._began_at >= COUNTED_AFTER_S:
            self._total, self._count = self._count(), None
        self._shown_at = time.monotonic()
        sys.stderr.write(f"\r\x1b[K{bar(self._done, self._total)}{self._text()}")
        sys.stderr.flush()

    def _text(self) -> str:
        files = f"{self._files:,}"
        if not self._bytes_read:
            return _("{files} files").format(files=files)
        return _("{files} files, {size} read").format(files=files, size=bytes_text(self._bytes_read))
