"""The tasks by name. A task is imported when it is chosen."""

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from resources.errors import BadInput, NotFound
from resources.learning.distributed.plan import TaskChoice
from resources.learning.distributed.tasks.settings import CONTEXT, SETTINGS

if TYPE_CHECKING:
    from resources.learning.distributed.task import Task

TASKS = {
    "text": "A small GPT that goes on with text, byte by byte: pretrained on one text, finetuned on another.",
    "digits": "The scanned digits that come with scikit-learn, as images.",
    "sentences": "Short texts, each of one class, read byte by byte.",
    "table": "A table that comes with scikit-learn, or a CSV file with a column of classes.",
}
"""What each is, for people. The module of a task has its name and ``build(settings)``."""


SCORES: Mapping[str, tuple[str, ...]] = {
    "text": ("held_out_loss",),
    "digits": ("accuracy",),
    "sentences": ("accuracy",),
    "table": ("accuracy",),
}
"""What each measures a model by."""


def build_task(choice: TaskChoice) -> "Task":
    """The task that a plan names. Raises :class:`NotFound`; :class:`BadInput` for settings it cannot have."""
    settings = settings_of(choice)
    module = import_module(f"resources.learning.distributed.tasks.{choice.name}")
    return module.build(settings)  # type: ignore[no-any-return]


def tokens_of(choice: TaskChoice) -> int | None:
    """How many tokens one sample has; None where it has none."""
    if choice.name != "text":
        return None
    given = choice.settings.get("context", CONTEXT)
    return given if isinstance(given, int) else None


def settings_of(choice: TaskChoice) -> Any:
    """The task's own settings, checked; no torch and no data are needed for it. Raises as the above."""
    if choice.name not in TASKS:
        raise NotFound(f"there is no task {choice.name!r}", f"Choose one of {', '.join(sorted(TASKS))}.")
    try:
        return TypeAdapter(SETTINGS[choice.name]).validate_python(dict(choice.settings))
    except ValidationError as problem:
        wrong = "; ".join(said for _, said in _told(problem, choice.name))
        raise BadInput(
            f"the settings of task {choice.name} are wrong: {wrong}", "Correct these settings of the task."
        ) from problem


def wrong_settings(choice: TaskChoice) -> tuple[tuple[str, str], ...]:
    """Each setting that cannot be, by its name, with what is wrong with it; no name for what several are."""
    try:
        settings_of(choice)
    except BadInput as problem:
        if isinstance(problem.__cause__, ValidationError):
            return _told(problem.__cause__, choice.name)
        return _alone(choice) or (("", problem.one_line),)
    return ()


def _alone(choice: TaskChoice) -> tuple[tuple[str, str], ...]:
    """Settings refuse themselves one at a time, so each is tried by itself."""
    found = []
    for name, value in choice.settings.items():
        try:
            settings_of(TaskChoice(choice.name, {name: value}))
        except BadInput as problem:
            found.append((name, problem.one_line))
    return tuple(found)


def _told(problem: ValidationError, task: str) -> tuple[tuple[str, str], ...]:
    known = ", ".join(one.name for one in fields(SETTINGS[task]))
    return tuple(
        (
            str(one["loc"][0]) if one["loc"] else "",
            f"the task {task} has no {one['loc'][0]}; it has {known}"
            if one["type"] == "unexpected_keyword_argument"
            else f"{one['loc'][0] if one['loc'] else task} is {one['input']!r}; expected "
            + one["msg"]
            .removeprefix("Input should be ")
            .partition(",")[0]
            .replace("a valid integer", "a whole number"),
        )
        for one in problem.errors()
    )
