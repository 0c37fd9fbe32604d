"""How a server and its replicas talk over a socket: a head of JSON, then the arrays as they lie in memory."""

import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import orjson

from resources.serving.tensors import BYTES, DATATYPES, Array, Tensors, datatype_of

_LENGTHS = struct.Struct("<II")
"""Of the head and of what follows it, in bytes."""
_TENSORS = "tensors"

Head = dict[str, Any]


def encoded(head: Mapping[str, Any], tensors: Tensors | None = None) -> bytes:
    """A message: what it says, and arrays. Those of texts travel as JSON."""
    parts, told = [], []
    for name, values in (tensors or {}).items():
        datatype = datatype_of(values)
        content = orjson.dumps(values.tolist()) if datatype == BYTES else values.tobytes()
        told.append((name, datatype, values.shape, len(content)))
        parts.append(content)
    body = b"".join(parts)
    written = orjson.dumps({**head, _TENSORS: told})
    return _LENGTHS.pack(len(written), len(body)) + written + body


class Decoder:
    """Takes bytes as they come, and gives the messages that are whole."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> Iterator[tuple[Head, dict[str, Array]]]:
        """The messages that end in ``received``. Arrays are copies that may be kept."""
        self._buffer += received
        while len(self._buffer) >= _LENGTHS.size:
            head_size, body_size = _LENGTHS.unpack_from(self._buffer)
            begin = _LENGTHS.size + head_size
            if len(self._buffer) < begin + body_size:
                return
            head = orjson.loads(self._buffer[_LENGTHS.size : begin])
            body = bytes(self._buffer[begin : begin + body_size])
            del self._buffer[: begin + body_size]
            yield head, dict(_arrays(head.pop(_TENSORS), body))


def _arrays(told: list[Any], body: bytes) -> Iterator[tuple[str, Array]]:
    at = 0
    for name, datatype, shape, size in told:
        content = body[at : at + size]
        at += size
        if datatype == BYTES:
            values = np.empty(len(texts := orjson.loads(content)), dtype=object)
            values[:] = texts
            yield name, values.reshape(shape)
        else:
            yield name, np.frombuffer(content, DATATYPES[datatype]).reshape(shape)
