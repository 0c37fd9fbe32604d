"""A process that passes on what comes to another server: to end it is to lose the network to that server."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

CHUNK_BYTES = 65536


@dataclass
class Relay:
    """One relay, which keeps its address when it is ended and begun again."""

    port: int
    target: str
    """``host:port`` of the real server."""
    process: "subprocess.Popen[str] | None" = None

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def begin(self) -> None:
        """Return when it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.servers.relay", str(self.port), self.target],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def end(self) -> None:
        """End it by SIGKILL: connections that are open break."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.communicate()
            self.process = None


@pytest.fixture
def relay(s3_server: str) -> Iterator[Relay]:
    """Between a test and the server of S3."""
    made = Relay(0, s3_server.removeprefix("http://"))
    made.begin()
    yield made
    made.end()


async def _serve(port: int, target: str) -> None:
    host, _, target_port = target.partition(":")

    async def passed_on(reads: asyncio.StreamReader, writes: asyncio.StreamWriter) -> None:
        there_reads, there_writes = await asyncio.open_connection(host, int(target_port))
        await asyncio.gather(_pass_on(reads, there_writes), _pass_on(there_reads, writes))

    server = await asyncio.start_server(passed_on, "127.0.0.1", port)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


async def _pass_on(reads: asyncio.StreamReader, writes: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while part := await reads.read(CHUNK_BYTES):
            writes.write(part)
            await writes.drain()
    with suppress(ConnectionError):
        writes.close()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), sys.argv[2]))
