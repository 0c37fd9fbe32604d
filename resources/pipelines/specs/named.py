"""Values that a file declares by the name of their class in Python: ``LabelCount: {at_least: 50}``.

What is wrong is raised with its place within the value, so that a reader is shown the very line.
"""

import difflib
import json
import re
from collections.abc import Callable, Mapping
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
    others = _fields(TriggerPolicy, said, (), but=("when",))
    return _made(
        TriggerPolicy, others if when is None else {**others, "when": _condition(when, ("when",))}, ()
    )


def sources_of(given: list[Any], *, at: Place = ()) -> tuple[Source, ...]:
    """The sources that a file declares, in its order."""
    found = []
    for number, one in enumerate(given):
        name, said, place = _named(one, SOURCES, (*at, number))
        found.append(_made(SOURCES[name], _fields(SOURCES[name], said, place), place))
    return tuple(found)


def transforms_of(given: list[Any]) -> tuple[Transform, ...]:
    """The steps that a file declares, in its order."""
    found = []
    for number, one in enumerate(given):
        name, said, place = _named(one, dict.fromkeys(REGISTRY, Transform), (number,))
        for parameter, value in said.items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise _wrong((*place, parameter), f"{parameter} is {json.dumps(value)}; expected a number")
        found.append(_made(lambda name=name, **each: Transform.of(name, **each), said, place))
    return tuple(found)


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


def _condition(given: Any, at: Place) -> Condition:
    name, said, place = _named(given, {**CONDITIONS, **GROUPS}, at, lists=tuple(GROUPS))
    made: Condition
    if name not in GROUPS:
        made = _made(CONDITIONS[name], _fields(CONDITIONS[name], said, place), place)
        return made
    inner = tuple(_condition(one, (*place, number)) for number, one in enumerate(said))
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


def _fields(kind: type[Any], said: Mapping[str, Any], at: Place, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of a class as a file says them, each of the type that it has."""
    known = {one.name: one for one in fields(kind) if one.name not in but}
    found = {}
    for name, value in said.items():
        if name not in known:
            names = ", ".join((*but, *known)) or "none"
            raise _wrong((*at, name), f"{kind.__name__} has no {name}; it has {names}", is_key=True)
        try:
            text = json.dumps(value, default=str)
            found[name] = _adapter(known[name].type).validate_json(text, strict=True)
        except ValidationError as refused:
            error = refused.errors(include_url=False)[0]
            said_ = str(error["msg"]).removeprefix("Input should be ")
            told = json.dumps(error["input"], ensure_ascii=False, default=str)
            raise _wrong((*at, name), f"{name} is {told}; expected {said_}") from refused
    return found


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


def _made(kind: Callable[..., T], said: Mapping[str, Any], at: Place) -> T:
    try:
        return kind(**said)
    except BadInput as refused:
        told = re.match(r"(?:\w+\.)?(\w+) ", refused.problem)
        field = told[1] if told and told[1] in said else None
        raise _wrong(at if field is None else (*at, field), refused.one_line) from refused
    except TypeError as refused:
        missing = re.findall(r"'(\w+)'", str(refused))
        raise _wrong(at, f"{', '.join(missing)} is missing") from refused


def _wrong(place: Place, said: str, *, is_key: bool = False) -> PydanticCustomError:
    return PydanticCustomError(NESTED, "{said}", {"said": said, "place": place, "is_key": is_key})
