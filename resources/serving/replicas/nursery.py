"""A process that has torch loaded and forks replicas, so that one is ready in a moment.

``python -m resources.serving.replicas.nursery SOCKET``. Each message on the socket is JSON with two files:
the replica's end of its link, and of its lifeline. The answer is the replica's process id. It has
no threads and uses no device, so that what it forks may do both.
"""

import json
import os
import signal
import socket
import sys
from typing import Any, NoReturn

from resources.serving.replicas.model import Format, Loading
from resources.serving.replicas.worker import work

MESSAGE_BYTES = 1 << 16


def main() -> None:
    """Fork a replica for each message until the server is gone."""
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel takes dead children away
    _warm_up()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 2)
        if not message:
            return
        pid = os.fork()
        if pid == 0:
            control.close()
            _be_a_replica(json.loads(message), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        control.sendall(json.dumps({"pid": pid}).encode())


def _warm_up() -> None:
    """Load what every replica needs: torch loads much of itself with the first network that it runs."""
    import tempfile

    import numpy as np
    import torch

    import resources.learning.kinds.networks  # noqa: F401
    from resources.learning.network import ImageNet, Shape, to_bytes
    from resources.serving.replicas.outputs import SAMPLES
    from resources.serving.replicas.predictors import load
    from resources.terms import Label

    torch.set_num_threads(1)  # with more it would start threads, which no fork may have
    network = ImageNet(Shape((Label("a"), Label("b")), 2, 2, 1))
    with tempfile.NamedTemporaryFile(prefix="trainplat-nursery-") as file:
        file.write(to_bytes(network))
        file.flush()
        load(Loading(Format.WEIGHTS, file.name)).predict({SAMPLES: np.zeros((1, 2, 2), np.uint8)})


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
