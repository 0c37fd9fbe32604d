"""The tasks by name. A task is imported when it is chosen."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from resources.errors import BadInput, NotFound
from resources.learning.distributed.plan import TaskChoice

if TYPE_CHECKING:
    from resources.learning.distributed.task import Task

TASKS = {
    "text": "A small GPT that goes on with text, byte by byte: pretrained on one text, finetuned on another.",
    "digits": "The scanned digits that come with scikit-learn, as images.",
    "sentences": "Short texts, each of one class, read byte by byte.",
    "table": "A table that comes with scikit-learn, or a CSV file with a column of classes.",
}
"""What each is, for people. The module of a task has its name, with ``Settings`` and ``build(settings)``."""
CONTEXT = 128
"""So many bytes of text one sample has, where nobody says otherwise."""


def build_task(choice: TaskChoice) -> "Task":
    """The task that a plan names. Raises :class:`NotFound`; :class:`BadInput` for settings it cannot have."""
    if choice.name not in TASKS:
        raise NotFound(f"there is no task {choice.name!r}", f"Choose one of {', '.join(sorted(TASKS))}.")
    module = import_module(f"resources.learning.distributed.tasks.{choice.name}")
    return module.build(_settings(module.Settings, choice))  # type: ignore[no-any-return]


def tokens_of(choice: TaskChoice) -> int | None:
    """How many tokens one sample has; None where it has none."""
    if choice.name != "text":
        return None
    given = choice.settings.get("context", CONTEXT)
    return given if isinstance(given, int) else None


def _settings(kind: type, choice: TaskChoice) -> Any:
    given: Mapping[str, Any] = choice.settings
    try:
        return TypeAdapter(kind).validate_python(dict(given))
    except ValidationError as problem:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or choice.name}: {one['msg']}" for one in problem.errors()
        )
        raise BadInput(
            f"the settings of task {choice.name} are wrong: {wrong}", "Correct these settings of the task."
        ) from problem
