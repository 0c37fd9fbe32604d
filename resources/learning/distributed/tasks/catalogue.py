"""The tasks by name. A task is imported when it is chosen."""

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from resources.errors import BadInput, NotFound
from resources.learning.distributed.plan import TaskChoice
from resources.learning.distributed.tasks.own import WrongSettings, build_own, is_own
from resources.learning.distributed.tasks.refusing import told
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
    if is_own(choice.name):
        return build_own(choice)
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
    """The task's own settings, checked; no torch and no data are needed for it. Raises as the above.

    Those of a task of one's own are taken as they are: only its module can check them, and that is imported
    by the processes that train.
    """
    if is_own(choice.name):
        return choice.settings
    if choice.name not in TASKS:
        raise NotFound(
            f"there is no task {choice.name!r}",
            f"Choose one of {', '.join(sorted(TASKS))}, or name one of yours as package.module:build.",
        )
    try:
        return TypeAdapter(SETTINGS[choice.name]).validate_python(dict(choice.settings))
    except ValidationError as problem:
        known = [one.name for one in fields(SETTINGS[choice.name])]
        raise WrongSettings(choice.name, told(problem, choice.name, known)) from problem


def wrong_settings(choice: TaskChoice) -> tuple[tuple[str, str], ...]:
    """Each setting that cannot be, by its name, with what is wrong with it; no name for what several are."""
    try:
        settings_of(choice)
    except WrongSettings as problem:
        return problem.wrong
    except BadInput as problem:
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
