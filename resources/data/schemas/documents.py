"""Schemas as JSON documents, without loading what reads files."""

import json
from typing import Any, NoReturn

READ = "read"
"""The key under which a schema that was read says by which rules."""
RULES = 2
"""The number of the rules by which files are read. What others read is unknown."""


def document_of(text: str) -> Any:
    """A schema for machines; as it is where it is no JSON."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (RecursionError, ValueError):
        return text


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON, though Python takes it for some")
