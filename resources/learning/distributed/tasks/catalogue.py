"""The tasks by name. A task is imported when it is chosen."""

from collections.abc import Mapping
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
    given: Mapping[str, Any] = choice.settings
    try:
        return TypeAdapter(SETTINGS[choice.name]).validate_python(dict(given))
    except ValidationError as problem:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or choice.name}: {one['msg']}" for one in problem.errors()
        )
        raise BadInput(
            f"the settings of task {choice.name} are wrong: {wrong}", "Correct these settings of the task."
        ) from problem
