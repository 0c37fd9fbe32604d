"""Tasks of one's own: ``package.module:build``. The module is imported where it trains, and by a check."""

import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError

from resources.errors import BadInput, NotFound, TrainplatError
from resources.learning.distributed.plan import TaskChoice
from resources.learning.distributed.tasks.refusing import told

if TYPE_CHECKING:
    from resources.learning.distributed.task import Task

OWN_PATTERN = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$"
"""The name of a task that does not come with the platform."""
MEMBERS = ("count", "model", "batch", "loss", "blocks", "scores")
"""What ``resources.learning.distributed.task.Task`` says that a task has."""

Place = tuple[str, ...]
"""Of what is wrong among the fields of a plan: ``task``, or a setting."""


class WrongSettings(BadInput):
    """Settings that a task cannot have, each by its name."""

    def __init__(self, task: str, wrong: tuple[tuple[str, str], ...]) -> None:
        said = "; ".join(one for _, one in wrong)
        super().__init__(
            f"the settings of task {task} are wrong: {said}", "Correct these settings of the task."
        )
        self.wrong = wrong


def is_own(name: str) -> bool:
    """Whether this names a class or function, rather than a task of the platform."""
    return re.match(OWN_PATTERN, name) is not None


def build_own(choice: TaskChoice) -> "Task":
    """The task. Raises :class:`NotFound` and :class:`BadInput`; what its own code raises goes through."""
    build = _found(choice.name)
    given = _settings(build, choice)
    task = build() if given is None else build(given)
    missing = [name for name in MEMBERS if not hasattr(task, name)]
    if missing:
        raise BadInput(
            f"{choice.name} gives a {type(task).__name__}, which has no {', '.join(missing)}; expected a "
            f"task, which has {', '.join(MEMBERS)}",
            "Add them; docs/training.md tells what each is.",
        )
    return task  # type: ignore[no-any-return]


def wrong_own(choice: TaskChoice) -> tuple[tuple[Place, str], ...]:
    """All that is wrong with name and settings, without building the task: at its place, in words."""
    try:
        build = _found(choice.name)
    except TrainplatError as problem:
        return ((("task",), problem.problem),)
    try:
        _settings(build, choice)
    except WrongSettings as problem:
        return tuple((_place(name, said, choice.settings), said) for name, said in problem.wrong)
    except TrainplatError as problem:
        return ((("task",), problem.problem),)
    return ()


def _found(name: str) -> Callable[..., Any]:
    module, _, member = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), member, None)
    except ModuleNotFoundError as problem:
        missing = problem.name or ""
        if module != missing and not module.startswith(f"{missing}."):
            raise _not_imported(name, module, problem) from problem
        raise NotFound(
            f"task is {name!r}, and there is no module {missing or module}",
            "Install its package into the environment of the platform, or name its folder in PYTHONPATH.",
        ) from problem
    except Exception as problem:
        raise _not_imported(name, module, problem) from problem
    if found is None:
        raise NotFound(f"task is {name!r}, and {module} has no {member}", "Name a class or function of it.")
    if not callable(found):
        raise BadInput(
            f"task is {name!r}, which is a {type(found).__name__}; expected a class or a function",
            "Name what makes the task from its settings.",
        )
    return found  # type: ignore[no-any-return]


def _settings(build: Callable[..., Any], choice: TaskChoice) -> Any:
    """What ``build`` is called with; None where it takes nothing."""
    schema = _schema(build, choice.name)
    if schema is None:
        wrong = tuple((one, f"the task {choice.name} has no settings") for one in choice.settings)
        if wrong:
            raise WrongSettings(choice.name, wrong)
        return None
    known, others = _names(schema)
    unknown = () if others else tuple(one for one in choice.settings if one not in known)
    said = tuple((one, f"the task {choice.name} has no {one}; it has {', '.join(known)}") for one in unknown)
    try:
        read: Any = TypeAdapter(schema).validate_python(
            {one: value for one, value in choice.settings.items() if one not in unknown}
        )
    except ValidationError as problem:
        raise WrongSettings(choice.name, (*said, *told(problem, choice.name, known))) from problem
    except BadInput as problem:
        raise WrongSettings(choice.name, (*said, ("", problem.one_line))) from problem
    if said:
        raise WrongSettings(choice.name, said)
    return read


def _schema(build: Callable[..., Any], name: str) -> Any:
    """The class of its settings: what its first parameter is annotated with."""
    try:
        signature = inspect.signature(build)
    except (ValueError, TypeError) as problem:  # one of C tells none
        raise BadInput(
            f"task is {name!r}, which does not tell what it takes; expected a class or a function of Python",
            "Wrap it in a function that takes its settings, or nothing.",
        ) from problem
    parameters = list(signature.parameters.values())
    if not parameters:
        return None
    called = build.__init__ if inspect.isclass(build) else build
    try:
        schema = get_type_hints(called).get(parameters[0].name)
    except (NameError, AttributeError, TypeError):
        schema = None
    needed = [
        one.name
        for one in parameters[1:]
        if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
    ]
    if needed or not (is_dataclass(schema) or (inspect.isclass(schema) and issubclass(schema, BaseModel))):
        raise BadInput(
            f"task is {name!r}, which takes {signature}; expected its settings alone, "
            "annotated with a dataclass or a pydantic model",
            "Annotate its only parameter with the class of its settings, or let it take none.",
        )
    return schema


def _names(schema: Any) -> tuple[tuple[str, ...], bool]:
    """The settings that it has, and whether it takes others too."""
    if is_dataclass(schema):
        return tuple(one.name for one in fields(schema) if one.init), False
    return tuple(schema.model_fields), schema.model_config.get("extra") == "allow"


def _place(name: str, said: str, given: Mapping[str, Any]) -> Place:
    words = [name, *re.findall(r"\w+", said)]
    named = next((word for word in words if word in given), None)
    return ("settings",) if named is None else ("settings", named)


def _not_imported(name: str, module: str, problem: Exception) -> BadInput:
    return BadInput(
        f"task is {name!r}, and {module} cannot be imported: {type(problem).__name__}: {problem}",
        "Mend that module; it is imported by the processes that train.",
    )
