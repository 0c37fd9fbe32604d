"""``torchrun`` that ends with whoever started it: ``python -m resources.learning.distributed.agent …``.

Its standard input is a lifeline. When the other end closes, by a kill too, it ends at once, and the processes
of the training, which are in sessions of their own, get SIGKILL from the kernel.
"""

import os
import sys
from threading import Thread


def main(arguments: list[str]) -> None:
    """Run ``torchrun`` with these arguments; the last one that a worker gets is the process to die with."""
    Thread(target=_end_with_starter, daemon=True).start()
    # Else processes that are started again find the addresses of those before them in the agent's store,
    # and wait for them for half an hour: pytorch/pytorch#135712.
    os.environ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
    from torch.distributed.run import main as torchrun

    torchrun([*arguments, str(os.getpid())])


def _end_with_starter() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
