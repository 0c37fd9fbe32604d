"""What is remembered of earlier tasks: a bounded set of samples, as values that can be kept."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resources.errors import BadInput
from resources.learning.model import ClassIndices

MAGIC = b"trainplat buffer 2\n"
NO_PLACE = -100
"""The label of what is no place in a sample; losses leave it out."""
ARRAYS = ("ids", "inputs", "labels", "tasks", "logits")


@dataclass(frozen=True, eq=False)
class Remembered:
    """Samples with what is known of them, row by row. Raises :class:`BadInput` for unlike columns."""

    ids: NDArray[np.str_]
    inputs: NDArray[Any]
    """As the network takes them: [sample, ...]."""
    labels: ClassIndices
    """[sample], or [sample, place]: :data:`NO_PLACE` where a sample has none."""
    tasks: NDArray[np.int64]
    """The task, from 0, that each sample came with."""
    logits: NDArray[np.float32]
    """What a model said of each: [sample, class], or of each place in it, [sample, place, class]."""

    def __post_init__(self) -> None:
        """Refuse columns that do not belong together."""
        lengths = {name: len(getattr(self, name)) for name in ARRAYS}
        if len(set(lengths.values())) > 1:
            raise BadInput(f"columns of {lengths} rows; expected as many in each", "Give whole samples.")

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[np.int64]) -> "Remembered":
        """These rows, in this order."""
        return Remembered(*(getattr(self, name)[rows] for name in ARRAYS))

    def join(self, other: "Remembered") -> "Remembered":
        """The rows of both; what nothing was said of, since a class came later, is not-a-number."""
        classes = max(self.logits.shape[-1], other.logits.shape[-1])
        mine, theirs = widened(self.logits, classes), widened(other.logits, classes)
        return Remembered(
            ids=np.concatenate([self.ids, other.ids]),
            inputs=np.concatenate([self.inputs, other.inputs]),
            labels=np.concatenate([self.labels, other.labels]),
            tasks=np.concatenate([self.tasks, other.tasks]),
            logits=np.concatenate([mine, theirs]),
        )


Covered = Callable[[Remembered], NDArray[Any]]
"""By what remembered samples are near each other: [sample, ...]."""


def inputs_of(kept: Remembered) -> NDArray[Any]:
    """By what the network takes."""
    return kept.inputs


@dataclass(frozen=True, eq=False)
class Buffer:
    """A bounded memory. Raises :class:`BadInput` where it holds more than its bound."""

    capacity: int
    seen: int
    """Samples that were ever offered to it."""
    kept: Remembered | None
    """None before the first."""

    def __post_init__(self) -> None:
        """Refuse to hold more than the bound."""
        if len(self) > self.capacity:
            raise BadInput(
                f"a buffer for {self.capacity} samples holds {len(self)}", "Keep fewer, or raise its bound."
            )

    def __len__(self) -> int:
        return 0 if self.kept is None else len(self.kept)

    @classmethod
    def empty(cls, capacity: int) -> "Buffer":
        """One that nothing was offered to."""
        return cls(capacity, 0, None)


def widened(logits: NDArray[np.float32], classes: int) -> NDArray[np.float32]:
    """The logits with columns for ``classes`` classes, not-a-number in the new ones."""
    wide = np.full((*logits.shape[:-1], classes), np.nan, dtype=np.float32)
    wide[..., : logits.shape[-1]] = logits
    return wide


def among(buffer: Buffer, ids: NDArray[np.str_], inputs: NDArray[Any], labels: ClassIndices) -> Buffer:
    """The buffer with the inputs of these samples; those that are not among them, or are labelled otherwise
    there, are forgotten: what a model said of a wrong label is nothing to hold to.
    """
    if buffer.kept is None:
        return buffer
    places = {str(one): place for place, one in enumerate(ids)}
    at = np.array([places.get(str(one), -1) for one in buffer.kept.ids], dtype=np.int64)
    rows = at[:0]
    if len(labels):
        is_same = (labels[at] == buffer.kept.labels).reshape(len(at), -1).all(axis=1)
        rows = np.flatnonzero((at >= 0) & is_same)
    kept = buffer.kept.take(rows)
    return replace(buffer, kept=replace(kept, inputs=inputs[at[rows]]))


def without_inputs(buffer: Buffer) -> Buffer:
    """The buffer as it is kept beside data versions, which have the inputs of its samples."""
    if buffer.kept is None:
        return buffer
    nothing = np.zeros((len(buffer.kept), 0), dtype=np.uint8)
    return replace(buffer, kept=replace(buffer.kept, inputs=nothing))


def buffer_of(memory: bytes | None) -> Buffer | None:
    """The buffer that a training kept; None where it kept nothing, or something else."""
    return from_bytes(memory) if memory is not None and memory.startswith(MAGIC) else None


def to_bytes(buffer: Buffer) -> bytes:
    """The buffer as bytes: equal buffers give equal bytes."""
    file = io.BytesIO()
    head = {"capacity": buffer.capacity, "seen": buffer.seen, "empty": buffer.kept is None}
    file.write(json.dumps(head, sort_keys=True).encode() + b"\n")
    for name in ARRAYS if buffer.kept is not None else ():
        column = np.ascontiguousarray(getattr(buffer.kept, name))
        # Of texts as wide as the longest of these: what was dropped meanwhile may have been longer.
        shortest = np.array(column.tolist(), dtype=np.str_) if column.dtype.kind == "U" else column
        np.save(file, shortest, allow_pickle=False)
    content = file.getvalue()
    return MAGIC + sha256(content).hexdigest().encode() + b"\n" + content


def from_bytes(content: bytes) -> Buffer:
    """The buffer that :func:`to_bytes` wrote. Runs no code that may hide in the bytes.

    Raises :class:`BadInput` when they are something else, or damaged.
    """
    try:
        file = io.BytesIO(content)
        if file.readline() != MAGIC:
            raise ValueError("the first line is another one")
        told, whole = file.readline().strip().decode(), content[file.tell() :]
        if sha256(whole).hexdigest() != told:
            raise ValueError("they are damaged: their checksum is another one")
        head = json.loads(file.readline())
        kept = None if head["empty"] else Remembered(*(_array(file) for _ in ARRAYS))
        if file.read(1):
            raise ValueError("there is more after the end")
        return Buffer(int(head["capacity"]), int(head["seen"]), kept)
    except (ValueError, KeyError, TypeError, EOFError, UnicodeError, TokenError) as problem:
        raise BadInput(
            f"{len(content)} bytes are not a buffer: {problem}", "Use the buffer of a training, or none."
        ) from problem


def _array(file: io.BytesIO) -> Any:
    return np.load(file, allow_pickle=False)
