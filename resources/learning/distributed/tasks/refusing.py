"""What is wrong with settings of a task, in words."""

from collections.abc import Iterable

from pydantic import ValidationError


def told(problem: ValidationError, task: str, known: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Each setting that cannot be, by its name, with a sentence; no name for what several are."""
    names = ", ".join(known) or "none"
    return tuple(
        (str(one["loc"][0]) if one["loc"] else "", _sentence(dict(one), task, names))
        for one in problem.errors(include_url=False)
    )


def _sentence(one: dict[str, object], task: str, known: str) -> str:
    loc = one["loc"]
    name = ".".join(map(str, loc)) if isinstance(loc, tuple) else ""
    said = str(one["msg"])
    if one["type"] in {"unexpected_keyword_argument", "extra_forbidden"}:
        return f"the task {task} has no {name}; it has {known}"
    if one["type"] == "missing":
        return f"{name} is missing; the task {task} must have it"
    if one["type"] in {"value_error", "assertion_error"}:
        return said.partition(", ")[2] or said
    expected = said.removeprefix("Input should be ").partition(",")[0]
    expected = expected.replace("a valid integer", "a whole number")
    return f"{name or task} is {one['input']!r}; expected {expected}"
