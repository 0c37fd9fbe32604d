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


def last_words(folder: Path) -> str | None:
    """The last line that a process wrote to its stderr, of the last start: most often the error's name."""
    files = sorted((folder / LOGS).rglob("stderr.log"), key=lambda path: path.stat().st_mtime_ns)
    for path in reversed(files):
        lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
        if lines:
            return lines[-1].strip()
    return None
