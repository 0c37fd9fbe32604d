"""The load: h2load of nghttp2, a native client that uses one core."""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from resources.errors import NotFound

PROGRAM = "h2load"


@dataclass(frozen=True)
class Load:
    """What a client saw."""

    requests: int
    failed: int
    """Of them, those that broke off or were not answered by a status below 400."""
    took_s: float
    latencies_ms: tuple[float, ...]
    """Of those that were answered, sorted."""

    @property
    def per_s(self) -> float:
        """Requests that were answered in a second."""
        return len(self.latencies_ms) / self.took_s

    def percentile_ms(self, share: float) -> float:
        """The time that this share of the answers stayed below."""
        return self.latencies_ms[min(len(self.latencies_ms) - 1, int(share * len(self.latencies_ms)))]


def load(address: str, body: Path, *, clients: int, requests: int) -> Load:
    """Send ``requests`` by ``clients`` that each wait for their answer, from one thread.

    Raises :class:`NotFound` where the client is not installed.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise NotFound(f"{PROGRAM} is not installed", "Install it: apt-get install nghttp2-client.")
    with tempfile.NamedTemporaryFile(prefix="h2load-") as log:
        subprocess.run(
            [
                *(program, "--h1", "-t1", f"-c{clients}", f"-n{requests}"),
                *("-d", str(body), "-H", "content-type: application/json"),
                *(f"--log-file={log.name}", address),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return read(Path(log.name).read_text(), requests)


def read(log: str, requests: int) -> Load:
    """What the log of a run says: of each request when it began, its status and how long it took, in µs."""
    begun, ended, latencies_ms = [], [], []
    for line in log.splitlines():
        began_us, status, took_us = map(int, line.split("\t")[:3])
        begun.append(began_us)
        ended.append(began_us + took_us)
        if 200 <= status < 400:
            latencies_ms.append(took_us / 1e3)
    took_s = (max(ended) - min(begun)) / 1e6 if begun else 0.0
    return Load(requests, requests - len(latencies_ms), took_s, tuple(sorted(latencies_ms)))
