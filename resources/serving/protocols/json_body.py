"""The body of a request as JSON."""

from typing import Any

import orjson

from resources.errors import BadInput


def object_of(body: bytes, example: str) -> dict[str, Any]:
    """The object that a body holds. Raises :class:`BadInput` with the place of what is no JSON."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise BadInput(
            f"the body of {len(body)} bytes is no JSON: {problem}", f"Send an object such as {example}."
        ) from problem
    if not isinstance(told, dict):
        raise BadInput(f"the body is a {type(told).__name__}; expected an object", f"Send {example}.")
    return told
