"""What a training tells while it runs: lines of JSON in a file that others read as it grows."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from resources.clock import Clock, utc_now
from resources.growing import whole_lines

PROGRESS = "progress.jsonl"
"""The name of the file, in the folder of a training."""
HEARTBEAT = "heartbeat"
"""Touched at each step; its time tells whether a training hangs, its text whether steps can be done now."""
STILL = "still"
"""What the heartbeat says while a model is measured, or a checkpoint waited for: that takes its time."""
STOP = "stop"
"""Whoever wants a training to write a checkpoint and end leaves a file of this name."""


def stacks_name(process: int) -> str:
    """The file that a process writes the stacks of its threads to when it gets SIGUSR2."""
    return f"stacks-{process}.txt"


@dataclass(frozen=True)
class Point:
    """How it went since the point before."""

    step: int
    """Steps that are done."""
    loss: float
    """Mean over the samples since the point before."""
    learning_rate: float
    samples_per_s: float
    memory_mib: float
    """The most that one process held: of its device's memory, on CPUs of the machine's."""


@dataclass(frozen=True)
class Began:
    """A process group took the training up."""

    step: int
    """The steps that a checkpoint had done; 0 for none."""
    processes: int
    device: str
    parameters: int
    """Of the model, all in all."""
    parameters_here: int
    """Those that the first process holds: fewer where they are sharded."""
    passed_over: int = 0
    """Newer checkpoints that are damaged: their steps are done again."""


@dataclass(frozen=True)
class Saved:
    """A checkpoint is whole."""

    step: int
    stalled_s: float
    """How long the training stood still for it; most of the writing goes on beside the steps."""
    seconds: float
    """From its begin until it was whole."""
    size_bytes: int


@dataclass(frozen=True)
class Measured:
    """What the model is worth, by the task's own measures."""

    step: int
    scores: dict[str, float]


@dataclass(frozen=True)
class Ended:
    """It ends by itself: all steps are done, or it was asked to make room."""

    step: int
    done: bool


@dataclass(frozen=True)
class Hung:
    """Nothing moved any more, and all its processes were killed. Told by whoever watches."""

    step: int
    """The last point before it."""
    silent_s: float
    stacks: tuple[str, ...]
    """Files in the folder that tell where the threads of each process were."""
    goes_on: bool
    """Whether it is started again from its last checkpoint."""


@dataclass(frozen=True)
class Shrunk:
    """It goes on with fewer processes. Told by whoever watches."""

    step: int
    """The last point before it."""
    processes: int
    processes_before: int
    why: str


Event = Point | Began | Saved | Measured | Ended | Hung | Shrunk
_KINDS: dict[str, type[Event]] = {
    "point": Point,
    "began": Began,
    "saved": Saved,
    "measured": Measured,
    "ended": Ended,
    "hung": Hung,
    "shrunk": Shrunk,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


@dataclass(frozen=True)
class Told:
    """An event, and when it was told."""

    at: datetime | None
    """None in files that were written before they told it."""
    event: Event


class ProgressFile:
    """Appends events. A kill leaves whole lines, and at most one that is cut off and passed over."""

    def __init__(self, folder: Path, clock: Clock = utc_now) -> None:
        self._path, self._heartbeat, self._clock = folder / PROGRESS, folder / HEARTBEAT, clock
        folder.mkdir(parents=True, exist_ok=True)
        self._heartbeat.write_text("")

    def tell(self, event: Event) -> None:
        """Write one event down."""
        line = json.dumps({**_document(event), "at": self._clock().isoformat()})
        with self._path.open("ab") as file:
            # What a kill cut off stays a line of its own.
            begin = b"" if file.tell() == 0 or _ends_whole(self._path) else b"\n"
            file.write(begin + line.encode() + b"\n")

    def beat(self) -> None:
        """Tell that it goes on."""
        os.utime(self._heartbeat)

    @contextmanager
    def still(self) -> Iterator[None]:
        """Tell that no step is done meanwhile, and yet it goes on."""
        self._heartbeat.write_text(STILL)
        try:
            yield
        finally:
            self._heartbeat.write_text("")


def stands_still(folder: Path) -> bool:
    """Whether a training told that it does no step now, and yet goes on."""
    try:
        return (folder / HEARTBEAT).read_text() == STILL
    except OSError:
        return False


def line_of(event: Event) -> str:
    """An event as a line of JSON, without its end."""
    return json.dumps(_document(event))


def curve(events: Iterable[Event]) -> list[Point]:
    """The points by step: what was done again after a kill counts once, as it was the last time."""
    found: dict[int, Point] = {}
    for event in events:
        if isinstance(event, Began):
            found = {step: point for step, point in found.items() if step <= event.step}
        elif isinstance(event, Point):
            found[event.step] = event
    return list(found.values())


def read_progress(folder: Path, begin: int = 0) -> tuple[list[Event], int]:
    """The events from byte ``begin`` on, and where to read on from."""
    told, end = read_told(folder, begin)
    return [one.event for one in told], end


def read_told(folder: Path, begin: int = 0) -> tuple[list[Told], int]:
    """The same, with the time of each."""
    lines, end = whole_lines(folder / PROGRESS, begin)
    return list(_told(lines)), end


def _document(event: Event) -> dict[str, object]:
    return {"kind": _NAMES[type(event)], **asdict(event)}


def _told(lines: Iterable[bytes]) -> Iterator[Told]:
    for line in lines:
        try:
            found = json.loads(line)
            at = found.pop("at", None)
            kind = _KINDS[found.pop("kind")]
            if kind is Hung:
                found["stacks"] = tuple(found["stacks"])
            yield Told(None if at is None else datetime.fromisoformat(at).astimezone(UTC), kind(**found))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # cut off by a kill


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
