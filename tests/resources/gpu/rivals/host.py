"""A process that forks rivals, so that each has everything imported at once.

Its arguments are the database and a folder. It reads lines: ``start NAME ROLES`` (see ``rival.py``) starts
a rival, ``stop`` ends all, ``wait NAME`` waits for one that dies by itself. Of each it says ``NAME started``,
and ``NAME CODE`` in the end.
"""

import os
import sys
from pathlib import Path

from tests.resources.gpu.rivals.rival import Rival


def main(url: str, folder: Path) -> None:
    """Do what the lines say."""
    children: dict[str, tuple[int, int]] = {}
    _say("host", "started")
    for line in sys.stdin:
        what, *words = line.split()
        if what == "start":
            name, roles = words
            children[name] = _fork(url, folder, name, roles)
            _say(name, "started")
        elif what == "wait":
            _wait(words[0], *children.pop(words[0]))
        else:
            for _, stop in children.values():
                os.write(stop, b".")
            for name, (pid, stop) in children.items():
                _wait(name, pid, stop)
            return


def _fork(url: str, folder: Path, name: str, roles: str) -> tuple[int, int]:
    stopped, stop = os.pipe()
    pid = os.fork()
    if pid:
        os.close(stopped)
        return pid, stop
    code = 1
    try:
        code = Rival(url, folder, name).play(roles, stopped)
    finally:
        os._exit(code)


def _wait(name: str, pid: int, stop: int) -> None:
    _, status = os.waitpid(pid, 0)
    os.close(stop)
    _say(name, str(os.waitstatus_to_exitcode(status)))


def _say(name: str, text: str) -> None:
    print(name, text, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
