"""How busy the devices of a training are, in a file that grows beside what it tells."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from resources.growing import whole_lines

USE = "use.jsonl"


@dataclass(frozen=True)
class DeviceUse:
    """One device, or the CPU threads that stand for one. None: it does not tell."""

    device: str
    share: float | None
    """How busy it is, 1 for wholly; of a process on CPUs, its share of the threads that it has."""
    memory_mib: float | None = None
    power_w: float | None = None


@dataclass(frozen=True)
class Use:
    """All devices of a training at one moment."""

    at: datetime
    devices: tuple[DeviceUse, ...]


def append_use(folder: Path, use: Use) -> None:
    """Put one look down. What a kill cuts off is passed over."""
    line = json.dumps({"at": use.at.isoformat(), "devices": [asdict(one) for one in use.devices]})
    with (folder / USE).open("a") as file:
        file.write(f"{line}\n")


def read_use(folder: Path, begin: int = 0) -> tuple[list[Use], int]:
    """The looks from byte ``begin`` on, and where to read on from."""
    lines, end = whole_lines(folder / USE, begin)
    return list(_uses(lines)), end


def newest_use(folder: Path, size_bytes: int = 200_000) -> list[Use]:
    """The last looks: those of so many bytes."""
    path = folder / USE
    if not path.exists():
        return []
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - size_bytes))
        lines = file.read().splitlines()
    return list(_uses(lines if end <= size_bytes else lines[1:]))


def _uses(lines: Sequence[bytes]) -> Iterator[Use]:
    for line in lines:
        try:
            told = json.loads(line)
            devices = tuple(DeviceUse(**one) for one in told["devices"])
            yield Use(datetime.fromisoformat(told["at"]).astimezone(UTC), devices)
        except (ValueError, KeyError, TypeError):
            continue
