"""From the text of a file to its pipeline, or to all that is wrong with it."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from resources.pipelines.catalogue import TEMPLATES, Template, template_of_type
from resources.pipelines.model import Pipeline
from resources.pipelines.positions import Place, Positions
from resources.pipelines.problems import BadPipeline, Problem, Span
from resources.pipelines.specs.common import NAME_PATTERN, OWNER_PATTERN, Spec
from resources.pipelines.specs.custom import ASSET_PATTERN, CALL_PATTERN
from resources.pipelines.specs.finetune import MODEL_PATTERN
from resources.pipelines.specs.named import NESTED, wrongs_of

TYPE, ATTRIBUTES = "type", "attributes"


def read_pipeline(name: str, text: str, path: Path | None = None) -> Pipeline:
    """The pipeline that a text declares. Raises :class:`BadPipeline`, which shows every wrong place."""
    root = _composed(text, path)
    document: Any = yaml.safe_load(text)
    positions = Positions(root)
    found, problems = _template(document, positions)
    if found is None:
        raise BadPipeline(path, text, problems, "")
    given = document.get(ATTRIBUTES) or {}
    spec, wrong = checked(found, given, positions)
    wrong = tuple(
        sorted((*problems, *_twice(positions), *wrong), key=lambda one: (one.span.line, one.span.column))
    )
    if spec is None or wrong:
        raise BadPipeline(path, text, wrong, found.name)
    return Pipeline(name, found, spec, text, path)


def checked(
    template: Template, given: object, positions: Positions | None = None
) -> tuple[Spec | None, tuple[Problem, ...]]:
    """The parameters, or what is wrong with each, at its place where there is a text."""
    try:
        return template.spec.model_validate_json(json.dumps(given, default=str), strict=True), ()
    except ValidationError as refused:
        return None, _problems(refused, template, positions)


def _composed(text: str, path: Path | None) -> yaml.Node:
    try:
        documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        span = Span(1, 1, 1) if mark is None else Span(mark.line + 1, mark.column + 1, 1)
        said = ", ".join(part for part in (problem.context, problem.problem) if part)
        raise BadPipeline(path, text, (Problem("", f"this is no YAML: {said}", span),), "") from problem
    except yaml.YAMLError as problem:
        raise BadPipeline(
            path, text, (Problem("", f"this is no YAML: {problem}", Span(1, 1, 1)),), ""
        ) from problem
    filled = [one for one in documents if one is not None]
    if not filled:
        said = f"the file is empty; expected {TYPE} and {ATTRIBUTES}"
        raise BadPipeline(path, text, (Problem("", said, Span(1, 1, 1)),), "")
    if len(filled) > 1:
        mark = filled[1].start_mark
        said = "a second document begins here; expected one pipeline in each file"
        raise BadPipeline(path, text, (Problem("", said, Span(mark.line + 1, mark.column + 1, 1)),), "")
    return filled[0]


def _template(document: Any, positions: Positions) -> tuple[Template | None, tuple[Problem, ...]]:
    if not isinstance(document, Mapping):
        said = f"the file is a {_kind(document)}; expected {TYPE} and {ATTRIBUTES}"
        return None, (Problem("", said, positions.of_value(())[1]),)
    problems = [
        Problem(str(key), f"{key} is nothing that a pipeline has; expected {TYPE} and {ATTRIBUTES}", span)
        for key in document
        if key not in {TYPE, ATTRIBUTES}
        for span in [positions.of_key((key,))]
    ]
    named = document.get(TYPE)
    found = template_of_type(named) if isinstance(named, str) else None
    if found is None:
        known = [one.type for one in TEMPLATES.values()]
        near = difflib.get_close_matches(str(named), known, 1, 0.5)
        said = (
            f"{TYPE} is missing; expected one of {', '.join(known)}"
            if named is None
            else f"{TYPE} is {named!r}; expected "
            + (f"{near[0]}, perhaps" if near else f"one of {', '.join(known)}")
        )
        problems.append(Problem(TYPE, said, positions.of_value((TYPE,))[1]))
    return found, tuple(problems)


def _twice(positions: Positions) -> tuple[Problem, ...]:
    """YAML takes the last of two equal names without a word."""
    return tuple(
        Problem(name, f"{name} is said twice; expected once", span) for name, span in positions.said_twice()
    )


def _problems(
    refused: ValidationError, template: Template, positions: Positions | None
) -> tuple[Problem, ...]:
    found: dict[str, Problem] = {}
    for error in _errors(refused):
        place = _place(error, template)
        field = ".".join(map(str, place))
        if field in found:  # another member of the same union
            continue
        is_key = error["type"] == "extra_forbidden" or error.get("ctx", {}).get("is_key", False)
        at = place
        if not is_key and positions is not None and error["type"] == "value_error":
            at = _named_below(place, str(error["msg"]), positions)
        span = Span(1, 1, 1) if positions is None else span_of(at, positions, is_key=is_key)
        found[field] = Problem(field, _sentence(error, place, template), span)
    return tuple(found.values())


def _errors(refused: ValidationError) -> Iterator[Any]:
    """Each by itself: a field that is read by names has all that is wrong in one."""
    for error in refused.errors(include_url=False):
        if error["type"] == NESTED:
            yield from ({**error, "ctx": one, "msg": one["said"]} for one in wrongs_of(error["ctx"]))
        else:
            yield error


def _named_below(place: Place, said: str, positions: Positions) -> Place:
    """The very value that a sentence names, where it stands below the place."""
    if not place:
        return place
    below = ((*place, word) for word in re.findall(r"\w+", said))
    return next(
        (one for one in below if positions.of_value((ATTRIBUTES, *one))[0] == (ATTRIBUTES, *one)), place
    )


def _place(error: Any, template: Template) -> Place:
    place: Place = tuple(error["loc"])
    if error["type"] == NESTED:
        return (*place, *error["ctx"]["place"])
    if not place:
        # What does not fit together begins with the name of the field that is to be changed.
        first = str(error["msg"]).removeprefix("Value error, ").split(" ", 1)[0]
        return (first,) if first in template.spec.model_fields else ()
    return tuple(part for part in place if part not in _OF_UNIONS)


_OF_UNIONS = {"int", "float", "str", "function-after[_request(), union[int,float,str]]"}


def span_of(place: Place, positions: Positions, *, is_key: bool) -> Span:
    """Where a parameter stands: its value, its name, or what is nearest above it."""
    whole = (ATTRIBUTES, *place)
    if is_key:
        return positions.of_key(whole)
    reached, span = positions.of_value(whole)
    return span if len(reached) > 1 or not reached else positions.of_key(reached)


def _sentence(error: Any, place: Place, template: Template) -> str:
    name, said = ".".join(map(str, place)) or template.name, str(error["msg"])
    if error["type"] == NESTED:
        return f"{'.'.join(map(str, error['loc']))}: {said}"
    if error["type"] == "missing":
        return f"{name} is missing; a pipeline of template {template.name} must have it"
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(place[-1]), list(template.spec.model_fields), 1, 0.6)
        hint = f"; is {near[0]} meant?" if near else ""
        return f"{name} is no parameter of template {template.name}{hint}"
    if said.startswith("Value error, "):
        told = said.removeprefix("Value error, ")
        return told if told.startswith(name) or name == template.name else f"{name}: {told}"
    return f"{name} is {_value(error['input'])}; expected {_expected(error, said)}"


def _expected(error: Any, said: str) -> str:
    if error["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(error["ctx"]["pattern"], f"a text of the form {error['ctx']['pattern']}")
    if error["type"] in {"greater_than_equal", "greater_than", "less_than", "less_than_equal"}:
        return "a number " + said.removeprefix("Input should be ")
    if len(error["loc"]) > 1 and error["loc"][-1] in _OF_UNIONS:
        return "a number or a text"
    return said.removeprefix("Input should be ").replace("a valid integer", "a whole number")


_PATTERNS = {
    OWNER_PATTERN: "team:NAME, or an address of e-mail",
    ASSET_PATTERN: "the key of an asset, such as stories/model",
    CALL_PATTERN: "package.module:function",
    MODEL_PATTERN: "the name of a pipeline, or NAME/SEED",
    NAME_PATTERN: "small letters, digits and _, a letter first",
}


def _value(given: object) -> str:
    told = json.dumps(given, ensure_ascii=False, default=str)
    return told if len(told) <= 60 else told[:57] + "..."


def _kind(document: object) -> str:
    return "list" if isinstance(document, list) else "single value"
