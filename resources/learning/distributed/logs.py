"""What the processes of a training write, line by line, while they write it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from resources.learning.distributed.launching import LOGS

# torchrun's own layout: a folder for each start of it, in it one for each restart and process.
_PLACE = re.compile(r".*/attempt_(\d+)/(\d+)/(stdout|stderr)\.log$")


@dataclass(frozen=True)
class LogLine:
    """One line of one process."""

    attempt: int
    """Which restart of the processes; 0 for the first start."""
    process: int
    stream: str
    """``stdout`` or ``stderr``."""
    text: str


class Logs:
    """The logs in the folder of a training, from what is there already on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / LOGS
        self._read_to = {path: path.stat().st_size for path in self._files()}

    def new_lines(self) -> Iterator[LogLine]:
        """The lines that were ended since this was asked last."""
        for path in self._files():
            begin = self._read_to.get(path, 0)
            if path.stat().st_size <= begin:
                continue
            with path.open("rb") as file:
                file.seek(begin)
                text = file.read()
            whole = text[: text.rfind(b"\n") + 1]
            self._read_to[path] = begin + len(whole)
            match = _PLACE.match(path.as_posix())
            if match is not None:
                for line in whole.decode(errors="replace").splitlines():
                    yield LogLine(int(match[1]), int(match[2]), match[3], line)

    def _files(self) -> list[Path]:
        return sorted(self._folder.rglob("std*.log"))


def tail(folder: Path, lines: int) -> list[LogLine]:
    """The last lines of each process, of the last start and its last restart."""
    return [line for path in _last_files(folder / LOGS) for line in _last_lines(path, lines)]


def _last_lines(path: Path, lines: int) -> list[LogLine]:
    match = _PLACE.match(path.as_posix())
    if match is None:
        return []
    texts = _end_of(path).splitlines()[-lines:]
    return [LogLine(int(match[1]), int(match[2]), match[3], text) for text in texts]


def _last_files(folder: Path) -> list[Path]:
    files = list(folder.rglob("std*.log"))
    if not files:
        return []
    # torchrun names a start's folder at random, and a restart's in order.
    start = max(files, key=lambda path: path.stat().st_mtime_ns).parents[2]
    attempts = [path for path in files if path.parents[2] == start]
    newest = max(_attempt(path) for path in attempts)
    return sorted(path for path in attempts if _attempt(path) == newest)


def _attempt(path: Path) -> int:
    match = _PLACE.match(path.as_posix())
    return int(match[1]) if match else -1


def _end_of(path: Path, size_bytes: int = 65_536) -> str:
    with path.open("rb") as file:
        end = file.seek(0, 2)
        file.seek(max(0, end - size_bytes))
        return file.read().decode(errors="replace")


def last_words(folder: Path, process: int) -> str | None:
    """The last line that a process wrote to its stderr in the last restart: most often the error's name."""
    for line in reversed(tail(folder, lines=200)):
        if (line.process, line.stream) == (process, "stderr") and line.text.strip():
            return line.text.strip()
    return None
