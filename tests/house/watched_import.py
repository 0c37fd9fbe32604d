"""Import one module and tell what it did besides: ``python watched_import.py MODULE [LIBRARY …]``.

Prints one JSON object: ``seen``, what was read, written, called or started; ``loaded``, which of the named
libraries came along. Libraries of others are loaded first: what they do is not ours to answer for.
"""

import importlib
import json
import os
import sys
import sysconfig
from typing import Any

WATCHED = {
    "os.exec", "os.fork", "os.mkdir", "os.posix_spawn", "os.remove", "os.rename", "os.rmdir", "os.system",
    "socket.bind", "socket.connect", "socket.getaddrinfo", "sqlite3.connect", "subprocess.Popen",
}  # fmt: skip
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHECKOUT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))  # noqa: PTH118, PTH120
CODE = (
    *{os.path.realpath(path) for path in (*sysconfig.get_paths().values(), sys.base_prefix)},
    CHECKOUT, "/proc/", "/dev/", "/etc/", "/sys/", "/usr/",
)  # fmt: skip
"""Where code and what belongs to it is read from."""

seen: list[str] = []


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Note what a module should not do while it is imported."""
    if event == "open" and not isinstance(arguments[0], int):
        path = os.path.realpath(os.fsdecode(arguments[0]))
        measuring = ".coverage" in path or ".pyc" in path
        if arguments[2] & WRITING and not measuring:
            seen.append(f"writes {path}")
        elif not arguments[2] & WRITING and not path.startswith(CODE):
            seen.append(f"reads {path}")
    elif event in WATCHED and "__pycache__" not in str(arguments):
        seen.append(f"{event} {arguments!r:.200}")


def main() -> None:
    """Import the module that the command line names, watched."""
    for library in ("dagster", "sqlalchemy", "httpx"):
        importlib.import_module(library)
    sys.addaudithook(watch)
    importlib.import_module(sys.argv[1])
    found = list(seen)
    loaded = [name for name in sys.argv[2:] if name in sys.modules]
    sys.stdout.write("\n" + json.dumps({"seen": found, "loaded": loaded}) + "\n")


if __name__ == "__main__":
    main()
