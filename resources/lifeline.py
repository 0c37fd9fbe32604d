"""Ending together with another process, however that one ends."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with(parent: int, how: signal.Signals = signal.SIGTERM) -> None:
    """Get the signal ``how`` when ``parent``, our parent process, dies; at once when it is dead already.

    Linux only: elsewhere a process outlives a killed parent.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:
        os.kill(os.getpid(), how)
