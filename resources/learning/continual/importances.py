"""How much each weight mattered, as bytes that can be kept."""

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resources.errors import BadInput

MAGIC = b"trainplat importances 1\n"


def to_bytes(importances: Mapping[str, NDArray[np.float32]]) -> bytes:
    """The importances by the name of their weights: equal ones give equal bytes."""
    file = io.BytesIO()
    names = sorted(importances)
    file.write(MAGIC + json.dumps(names).encode() + b"\n")
    for name in names:
        np.save(file, np.ascontiguousarray(importances[name]), allow_pickle=False)
    return file.getvalue()


def from_bytes(content: bytes) -> dict[str, NDArray[np.float32]] | None:
    """What :func:`to_bytes` wrote; None where it is something else. Runs no code that may hide in the bytes.

    Raises :class:`BadInput` where it is damaged.
    """
    if not content.startswith(MAGIC):
        return None
    try:
        file = io.BytesIO(content[len(MAGIC) :])
        found = {str(name): _array(file) for name in json.loads(file.readline())}
        if file.read(1):
            raise ValueError("there is more after the end")
    except (ValueError, TypeError, EOFError, UnicodeError) as problem:
        raise BadInput(
            f"{len(content)} bytes are not importances of weights: {problem}",
            "Use what a training kept, or none.",
        ) from problem
    return found


def _array(file: io.BytesIO) -> Any:
    return np.load(file, allow_pickle=False)
