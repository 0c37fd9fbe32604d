"""What is wrong within a value, all of it, as one error that says the places."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic_core import PydanticCustomError

from resources.errors import BadInput
from resources.pipelines.specs.named import NESTED, Place


@dataclass(frozen=True)
class Wrong:
    """One part of a value that cannot be."""

    place: Place
    said: str
    is_key: bool = False
    """Whether it is about the name rather than the value."""


def refusal(*wrong: Wrong) -> PydanticCustomError:
    """All of them as one error, as :func:`resources.pipelines.specs.named.wrongs_of` reads it."""
    first, *others = [asdict(one) for one in wrong]
    return PydanticCustomError(NESTED, "{said}", {**first, "others": others})


def refused_alone(read: Callable[[dict[str, Any]], object], given: Mapping[str, Any]) -> tuple[Wrong, ...]:
    """Which values are refused each by itself: an object that checks itself tells of the first only."""
    wrong = []
    for name, value in given.items():
        try:
            read({name: value})
        except BadInput as problem:
            wrong.append(Wrong((name,), problem.one_line))
    return tuple(wrong)
