"""A process that has torch loaded and forks replicas, so that one is ready in a moment.

``python -m resources.serving.replicas.nursery SOCKET``. Each message on the socket is JSON with two files:
the replica's end of its link, and of its lifeline. The answer is the replica's process id. It has
no threads and uses no device, so that what it forks may do both.
"""

import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import Any, NoReturn

from resources.serving.replicas.model import Format, Loading
from resources.serving.replicas.worker import work

MESSAGE_BYTES = 1 << 16


def main() -> None:
    """Fork a replica for each message until the server is gone, and take them along then.

    They end by themselves, by their lifelines; but one that is stopped (SIGSTOP) can only be killed.
    """
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel takes dead children away
    _warm_up()
    replicas: list[int] = []  # as files: a number may be another process's by now
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 2)
        if not message:
            _kill(replicas)
            return
        pid = os.fork()
        if pid == 0:
            for descriptor in (control.detach(), *replicas):
                os.close(descriptor)
            _be_a_replica(json.loads(message), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        replicas = _living(replicas)
        with suppress(ProcessLookupError):
            replicas.append(os.pidfd_open(pid))
        control.sendall(json.dumps({"pid": pid}).encode())


def _living(replicas: list[int]) -> list[int]:
    """Those that have not ended; the files of the others are closed."""
    looking = select.poll()
    for one in replicas:
        looking.register(one, select.POLLIN)
    ended = {one for one, _ in looking.poll(0)}
    for one in ended:
        os.close(one)
    return [one for one in replicas if one not in ended]


def _kill(replicas: list[int]) -> None:
    for one in replicas:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(one, signal.SIGKILL)


def _warm_up() -> None:
    """Load what every replica needs: torch loads much of itself with the first network that it runs."""
    import numpy as np
    import torch

    import resources.learning.kinds.networks  # noqa: F401
    from resources.learning.network import ImageNet, Shape, to_bytes
    from resources.serving.replicas.outputs import SAMPLES
    from resources.serving.replicas.predictors import load
    from resources.terms import Label

    torch.set_num_threads(1)  # with more it would start threads, which no fork may have
    network = ImageNet(Shape((Label("a"), Label("b")), 2, 2, 1))
    with open(os.memfd_create("weights"), "wb") as file:  # noqa: PTH123 - no path: a full disk must not matter
        file.write(to_bytes(network))
        file.flush()
        here = f"/proc/self/fd/{file.fileno()}"
        load(Loading(Format.WEIGHTS, here)).predict({SAMPLES: np.zeros((1, 2, 2), np.uint8)})


def _be_a_replica(told: dict[str, Any], link: int, lifeline: int) -> NoReturn:
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        os.environ.update(told["environment"])
        work(socket.socket(fileno=link), lifeline, Loading.from_json(told["loading"]))
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
