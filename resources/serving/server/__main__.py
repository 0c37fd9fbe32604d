"""``python -m resources.serving.server``: serve the models of the home until SIGTERM, then drain."""

import argparse
import asyncio
import logging
import signal
import socket
import sys
import time
from contextlib import closing, nullcontext, suppress
from typing import TYPE_CHECKING

import uvloop

from resources.errors import Conflict, TrainplatError
from resources.home import Home
from resources.ports import LOOPBACK
from resources.serving.running import recorded
from resources.serving.server.app import App
from resources.serving.server.model_server import IDLE_S, ModelServer
from resources.serving.server.nurse import Nurse
from resources.serving.server.sampling import Sampler
from resources.serving.server.slow_clients import close_slow_clients
from resources.serving.server.source import Source

if TYPE_CHECKING:
    import uvicorn

BACKLOG = 4096
"""Connections that may wait to be taken."""
GRACE_S = 30
"""How long requests may take to end when the server is asked to."""


async def serve(home: Home, host: str, port: int, *, idle_s: float, leave_after_s: float | None) -> None:
    """Serve until asked to end, or, where ``leave_after_s`` is given, until nobody asked for so long.

    Raises :class:`Conflict` for a port that is taken.
    """
    import uvicorn

    bound = _bound(host, port)
    server = ModelServer(Source(home), Nurse(home.logs / "replicas.log"), idle_s=idle_s)
    sampler = Sampler(home, server.wish)
    server.router.answered = sampler
    config = uvicorn.Config(
        App(server),
        log_level="warning",
        access_log=False,
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=GRACE_S,
        http="httptools",
        backlog=BACKLOG,
    )
    web = uvicorn.Server(config)
    # Its own way raises the signal again once requests are answered: the process would end with its replicas,
    # leases and what was picked as samples as they are.
    web.capture_signals = nullcontext  # type: ignore[assignment]
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, web.handle_exit, number, None)
    with (
        bound,
        closing(sampler),
        recorded(home, f"http://{host}:{bound.getsockname()[1]}"),
    ):
        await _serve(web, server, bound, leave_after_s)


async def _serve(
    web: "uvicorn.Server", server: ModelServer, bound: socket.socket, leave_after_s: float | None
) -> None:
    await server.look()
    control = asyncio.create_task(server.control())
    leaving = asyncio.create_task(_leave(web, server, leave_after_s))
    closing_slow = asyncio.create_task(close_slow_clients(web))
    try:
        await web.serve(sockets=[bound])
    finally:
        control.cancel()
        leaving.cancel()
        closing_slow.cancel()
        await server.close()


def _bound(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # An answer leaves in two parts: the second one would wait 40 ms for the first one's acknowledgement.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        bound.bind((host, port))
        bound.listen(BACKLOG)  # who reads where the server is may ask it at once
    except OSError as problem:
        bound.close()
        raise Conflict(
            f"port {port} of {host} cannot be listened on: {problem.strerror}",
            "End what listens there, or give another port by --port.",
        ) from problem
    return bound


async def _leave(web: "uvicorn.Server", server: ModelServer, leave_after_s: float | None) -> None:
    while leave_after_s is not None:
        await asyncio.sleep(1.0)
        if time.monotonic() - server.last_asked_at_s > leave_after_s:
            web.should_exit = True


def run(home: Home, host: str, port: int, *, idle_s: float, leave_after_s: float | None = None) -> None:
    """Serve in this process until SIGTERM or Ctrl-C. Raises what :func:`serve` raises."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    serving = serve(home, host, port, idle_s=idle_s, leave_after_s=leave_after_s)
    with (
        suppress(KeyboardInterrupt),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(serving)


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m resources.serving.server")
    parser.add_argument("--host", default=LOOPBACK)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--idle-s", type=float, default=IDLE_S)
    parser.add_argument("--leave-after-s", type=float, default=None)
    told = parser.parse_args()
    home = Home.from_environment()
    try:
        run(home, told.host, told.port, idle_s=told.idle_s, leave_after_s=told.leave_after_s)
    except TrainplatError as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(int(problem.exit_code))


if __name__ == "__main__":
    main()
