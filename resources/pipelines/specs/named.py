"""Values that a file declares by the name of their class in Python: ``LabelCount: {at_least: 50}``.

What is wrong is raised with its place within the value, so that a reader is shown the very line.
"""

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from pydantic import AfterValidator, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from resources.data.making.sources.archive import ArchiveSource
from resources.data.making.sources.export import LabelStudioExport
from resources.data.making.sources.model import Source
from resources.data.making.sources.prefix import PrefixSource
from resources.data.making.sources.tables import ManifestSource
from resources.data.making.sources.watched import WatchedFolder
from resources.data.making.transforms import REGISTRY, Transform
from resources.errors import BadInput
from resources.gate_plan import GATES, NEEDS_LIMITS, REQUIRED, Gate, GatePlan
from resources.triggers import (
    AllAnswered,
    AllOf,
    AnyOf,
    ByHand,
    Condition,
    Drift,
    Elapsed,
    LabelCount,
    QualityDrop,
    TriggerPolicy,
)

T = TypeVar("T")
NESTED = "nested"
"""The type of an error that says its place within the value."""
Place = tuple[int | str, ...]
Kinds = Mapping[str, type[Any]]
Wrong = dict[str, Any]
"""The context of an error: what is ``said``, its ``place``, and whether its key is meant, ``is_key``."""


def _by_name(*kinds: type[Any]) -> Kinds:
    return {one.__name__: one for one in kinds}


CONDITIONS = _by_name(LabelCount, AllAnswered, QualityDrop, Drift, Elapsed, ByHand)
GROUPS = _by_name(AnyOf, AllOf)
SOURCES = _by_name(ArchiveSource, LabelStudioExport, ManifestSource, PrefixSource, WatchedFolder)


def policy_of(given: Mapping[str, Any] | None) -> TriggerPolicy:
    """The policy that a file declares: ``when`` by names, the rest as its fields."""
    if given is None:
        return TriggerPolicy()
    said = dict(given)
    when = said.pop("when", None)
    others, wrong = _fields(TriggerPolicy, said, (), but=("when",))
    if when is not None:
        (condition,), wrong_within = _each([when], lambda _, one: _condition(one, ("when",)))
        wrong += wrong_within
        others |= {} if condition is None else {"when": condition}
    return _made(TriggerPolicy, others, (), wrong, given)


def gates_of(given: Mapping[str, Any] | None) -> GatePlan:
    """The gates that a file declares, each by its name with its limits, or the one word ``required``."""
    if given is None:
        return GatePlan()
    found, wrong = dict[str, Any](), list[Wrong]()
    for name, said in given.items():
        try:
            found[name] = _gate(name, said)
        except PydanticCustomError as refused:
            wrong += wrongs_of(refused.context or {})
    if wrong:
        raise _refusal(wrong)
    return GatePlan(**found)


def sources_of(given: list[Any], *, at: Place = ()) -> tuple[Source, ...]:
    """The sources that a file declares, in its order."""

    def source(number: int, one: Any) -> Source:
        name, said, place = _named(one, SOURCES, (*at, number))
        made: Source = _made(SOURCES[name], *_fields_at(SOURCES[name], said, place))
        return made

    return _all(given, source)


def transforms_of(given: list[Any]) -> tuple[Transform, ...]:
    """The steps that a file declares, in its order."""

    def transform(number: int, one: Any) -> Transform:
        name, said, place = _named(one, dict.fromkeys(REGISTRY, Transform), (number,))
        wrong = [
            _said((*place, parameter), f"{parameter} is {json.dumps(value)}; expected a number")
            for parameter, value in said.items()
            if isinstance(value, bool) or not isinstance(value, int | float)
        ]
        if wrong:
            raise _refusal(wrong)
        return _made(lambda **each: Transform.of(name, **each), said, place)

    return _all(given, transform)


def read_by(read: Callable[[Any], object]) -> AfterValidator:
    """A field that stays as the file says it, and that ``read`` understands."""

    def check(given: Any) -> Any:
        if given is not None:
            read(given)
        return given

    return AfterValidator(check)


def schema_of(kinds: Kinds) -> dict[str, Any]:
    """One of these by its name, as JSON schema."""
    told = {}
    for name, kind in kinds.items():
        said = _schema(kind)
        told[name] = {"type": "object", "properties": {name: said}, "required": [name]}
    alone = [name for name, kind in kinds.items() if not _schema(kind).get("required")]
    return {"anyOf": [*([{"type": "string", "enum": alone}] if alone else []), *told.values()]}


def policy_schema() -> dict[str, Any]:
    """The fields of a policy, as JSON schema."""
    group = {"type": "array", "minItems": 1, "items": {"description": "conditions, as when is one"}}
    groups = [{"type": "object", "properties": {name: group}, "required": [name]} for name in GROUPS]
    told = {one.name: _schema(one.type) for one in fields(TriggerPolicy) if one.name != "when"}
    return {"when": {"anyOf": [*schema_of(CONDITIONS)["anyOf"], *groups]}, **told}


def schema_of_transforms() -> dict[str, Any]:
    """The steps that are known, with the least and the greatest value of each parameter."""
    told = []
    for name, one in REGISTRY.items():
        parameters = {
            each: {"type": "number", "minimum": least, "maximum": most}
            for each, (least, most) in one.parameters.items()
        }
        said = {"type": "object", "properties": parameters, "required": list(parameters)}
        told.append({"type": "object", "properties": {name: said}, "required": [name]})
    return {"anyOf": told}


def gates_schema() -> dict[str, Any]:
    """The gates with their limits, as JSON schema."""
    word = {"type": "string", "enum": [REQUIRED]}
    told = {name: _schema(kind) for name, kind in GATES.items()}
    return {name: one if name in NEEDS_LIMITS else {"anyOf": [one, word]} for name, one in told.items()}


def _gate(name: str, given: Any) -> Gate:
    kinds = dict(GATES)
    said = {} if given in (None, REQUIRED) and name not in NEEDS_LIMITS else given
    _, limits, place = _named({name: said}, kinds, ())
    made: Gate = _made(kinds[name], *_fields_at(kinds[name], limits, place))
    return made


def _condition(given: Any, at: Place) -> Condition:
    name, said, place = _named(given, {**CONDITIONS, **GROUPS}, at, lists=tuple(GROUPS))
    made: Condition
    if name not in GROUPS:
        made = _made(CONDITIONS[name], *_fields_at(CONDITIONS[name], said, place))
        return made
    inner = _all(said, lambda number, one: _condition(one, (*place, number)))
    made = _made(GROUPS[name], {"conditions": inner}, place)
    return made


def _named(given: Any, kinds: Kinds, at: Place, lists: tuple[str, ...] = ()) -> tuple[str, Any, Place]:
    """Name, what is said of it, and where that stands."""
    one = {given: {}} if isinstance(given, str) else given
    if not isinstance(one, Mapping) or len(one) != 1:
        told = json.dumps(given, ensure_ascii=False, default=str)
        raise _wrong(at, f"{told[:60]} is no name with its values; expected one of {', '.join(kinds)}")
    name, said = next(iter(one.items()))
    place = at if isinstance(given, str) else (*at, name)
    if name not in kinds:
        near = difflib.get_close_matches(str(name), list(kinds), 1, 0.6)
        hint = f"is {near[0]} meant?" if near else f"expected one of {', '.join(kinds)}"
        raise _wrong(place, f"{name} is not known; {hint}", is_key=True)
    if name in lists:
        if not isinstance(said, list) or not said:
            raise _wrong(place, f"{name} needs a list of one or more conditions")
    elif said is None:
        said = {}
    elif not isinstance(said, Mapping):
        raise _wrong(place, f"{name} is {json.dumps(said, default=str)}; expected its values by name")
    return str(name), said, place


def _all(given: list[Any], read: Callable[[int, Any], T]) -> tuple[T, ...]:
    """What each of these comes to. All that is wrong in any is raised as one."""
    found, wrong = _each(given, read)
    if wrong:
        raise _refusal(wrong)
    return tuple(one for one in found if one is not None)


def _each(given: list[Any], read: Callable[[int, Any], T]) -> tuple[list[T | None], list[Wrong]]:
    """The same, None for what is wrong; and what that is."""
    found, wrong = list[T | None](), list[Wrong]()
    for number, one in enumerate(given):
        try:
            found.append(read(number, one))
        except PydanticCustomError as refused:
            found.append(None)
            wrong += wrongs_of(refused.context or {})
    return found, wrong


def _fields_at(
    kind: type[Any], said: Mapping[str, Any], at: Place
) -> tuple[dict[str, Any], Place, list[Wrong], Mapping[str, Any]]:
    """All that :func:`_made` is told besides the class."""
    found, wrong = _fields(kind, said, at)
    return found, at, wrong, said


def _fields(
    kind: type[Any], said: Mapping[str, Any], at: Place, but: tuple[str, ...] = ()
) -> tuple[dict[str, Any], list[Wrong]]:
    """The fields of a class as a file says them, each of the type that it has; and what is wrong."""
    known = {one.name: one for one in fields(kind) if one.name not in but}
    found, wrong = dict[str, Any](), list[Wrong]()
    for name, value in said.items():
        if name not in known:
            names = ", ".join((*but, *known)) or "none"
            wrong.append(_said((*at, name), f"{kind.__name__} has no {name}; it has {names}", is_key=True))
            continue
        try:
            text = json.dumps(value, default=str)
            found[name] = _adapter(known[name].type).validate_json(text, strict=True)
        except ValidationError as refused:
            error = refused.errors(include_url=False)[0]
            said_ = str(error["msg"]).removeprefix("Input should be ")
            told = json.dumps(error["input"], ensure_ascii=False, default=str)
            wrong.append(_said((*at, name), f"{name} is {told}; expected {said_}"))
    return found, wrong


def _schema(kind: Any) -> dict[str, Any]:
    """Whole, without references: it stands within another one."""
    told = _adapter(kind).json_schema()
    defs = told.pop("$defs", {})

    def whole(part: Any) -> Any:
        if isinstance(part, list):
            return [whole(one) for one in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return whole(defs[part["$ref"].rpartition("/")[2]])
        return {name: whole(one) for name, one in part.items()}

    found: dict[str, Any] = whole(told)
    return found


def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _made(
    kind: Callable[..., T],
    fit: Mapping[str, Any],
    at: Place,
    wrong: Sequence[Wrong] = (),
    said: Mapping[str, Any] | None = None,
) -> T:
    """One of these with the fields that fit; ``said`` are all that the file says, with those that do not.

    What it refuses is left out and tried again without, so that all that is wrong is told at once.
    """
    left, told = dict(fit), list(wrong)
    while True:
        try:
            made = kind(**left)
            break
        except BadInput as refused:
            named = re.match(r"(?:\w+\.)?(\w+) ", refused.problem)
            field = named[1] if named and named[1] in left else None
            if field is None:
                if not told:  # else it may be about what was left out
                    told.append(_said(at, refused.one_line))
                break
            told.append(_said((*at, field), refused.one_line))
            del left[field]
        except TypeError as refused:
            missing = [one for one in re.findall(r"'(\w+)'", str(refused)) if one not in (said or fit)]
            if missing or not told:
                told.append(_said(at, f"{', '.join(missing)} is missing"))
            break
    if told:
        raise _refusal(told)
    return made


def wrongs_of(context: Mapping[str, Any]) -> list[Wrong]:
    """All that an error of the type ``NESTED`` says is wrong, from its context."""
    first = {name: value for name, value in context.items() if name != "others"}
    return [first, *context.get("others", ())]


def _wrong(place: Place, said: str, *, is_key: bool = False) -> PydanticCustomError:
    return _refusal([_said(place, said, is_key=is_key)])


def _said(place: Place, said: str, *, is_key: bool = False) -> Wrong:
    return {"said": said, "place": place, "is_key": is_key}


def _refusal(wrong: Sequence[Wrong]) -> PydanticCustomError:
    """One error with all that is wrong: a check of a field may raise no more than one."""
    return PydanticCustomError(NESTED, "{said}", {**wrong[0], "others": list(wrong[1:])})
