"""Set-up, locks and chores of the checkout. Standard library only: they run before anything is installed."""

import sys

# Here, and in words that every Python 3 understands: the chores themselves are written for 3.11.
if sys.version_info[:2] != (3, 11):
    sys.stderr.write(
        f"trainplat needs Python 3.11; {sys.executable} is version "
        f"{sys.version_info[0]}.{sys.version_info[1]}.\n"
        "Next: install it (apt-get install python3.11 python3.11-venv, or uv python install 3.11) and run\n"
        "make again; make PYTHON=/path/to/python3.11 names one that is not on the PATH.\n"
    )
    raise SystemExit(2)
