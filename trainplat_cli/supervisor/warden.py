"""The warden: ends the parts when their supervisor was killed and could not.

Started by the supervisor as ``python -m trainplat_cli.supervisor.warden HOME GENERATION``. It waits until the
pipe from the supervisor closes; a supervisor that ends as it should says so through the pipe before.
"""

import signal
import sys
from pathlib import Path

from trainplat_cli.supervisor.marked import end_marked

FAREWELL = b"done"


def main(home: str, generation: str) -> None:
    """Wait for the supervisor's end, and end what it left."""
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)  # Ctrl-C is for the supervisor, which has work to do then
    if sys.stdin.buffer.read() != FAREWELL:
        end_marked(Path(home), generation)


if __name__ == "__main__":
    main(*sys.argv[1:])
