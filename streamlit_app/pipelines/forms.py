"""A form made from the JSON schema of a template: a widget for each parameter, its problem below it."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
import yaml

from resources.pipelines.catalogue import Template
from resources.pipelines.reading import checked
from resources.pipelines.writing import value_of
from streamlit_app.reader import Reader

SIDE_BY_SIDE = 3


def key_of(form: str, template: Template, field: str) -> str:
    """The key of a widget."""
    return f"{form}-{template.name}-{field}"


def draw(
    reader: Reader,
    form: str,
    template: Template,
    fields: Sequence[str],
    usual: Mapping[str, Any],
    problems: Mapping[str, str],
) -> None:
    """A widget for each of the fields, with what it usually says, and what is wrong with what it says now."""
    schema = template.schema()
    rows = [fields[at : at + SIDE_BY_SIDE] for at in range(0, len(fields), SIDE_BY_SIDE)]
    for row in rows:
        for column, field in zip(st.columns(SIDE_BY_SIDE), row, strict=False):
            with column:
                _widget(reader, key_of(form, template, field), field, schema, usual.get(field))
                if field in problems:
                    st.error(problems[field])


def typed(form: str, template: Template, fields: Sequence[str], usual: Mapping[str, Any]) -> dict[str, Any]:
    """What the widgets say, where it is not what is usual."""
    found: dict[str, Any] = {}
    for field in fields:
        value = st.session_state.get(key_of(form, template, field))
        if isinstance(value, str):
            value = value_of(template, field, value) if value.strip() else None
        if value is None and not usual.get(field):
            continue
        if value != usual.get(field):
            found[field] = value
    return found


def problems_of(template: Template, given: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with each parameter; what is about several stands at the first that it names."""
    found: dict[str, str] = {}
    for one in checked(template, dict(given))[1]:
        found.setdefault(one.field.partition(".")[0], one.message)
    return found


def usual_values(template: Template) -> dict[str, Any]:
    """What a file says of each parameter when it says nothing."""
    return {
        name: field.get_default(call_default_factory=True, validated_data={})
        for name, field in template.spec.model_fields.items()
        if not field.is_required()
    }


def required_fields(template: Template) -> list[str]:
    """The parameters that a file must say."""
    return [name for name, field in template.spec.model_fields.items() if field.is_required()]


def _widget(reader: Reader, key: str, field: str, schema: Mapping[str, Any], usual: Any) -> None:
    told = schema["properties"][field]
    told = {**schema.get("$defs", {}).get(told.get("$ref", "").rpartition("/")[2], {}), **told}
    _ = reader.translate
    says = _(told["description"]) if told.get("description") else None
    kinds = {one.get("type") for one in told.get("anyOf", ())} or {told.get("type")}
    named = next((one["enum"] for one in told.get("anyOf", ()) if "enum" in one), None)
    if named is not None and "null" not in kinds:
        # Some are known by name, and others may be typed, as in the file.
        options = list(named) if usual is None or usual in named else [*named, usual]
        index = 0 if usual is None else options.index(usual)
        st.selectbox(field, options, index=index, key=key, help=says, accept_new_options=True)
    elif "enum" in told:
        options = list(told["enum"])
        index = options.index(usual) if usual in options else 0
        st.selectbox(field, options, index=index, key=key, help=says)
    elif kinds == {"boolean"}:
        st.checkbox(field, value=bool(usual), key=key, help=says)
    elif kinds <= {"integer", "null"} and kinds != {"null"}:
        st.number_input(field, value=usual, step=1, key=key, help=says)
    elif kinds <= {"number", "null"} and kinds != {"null"}:
        st.number_input(field, value=usual, step=None, format="%g", key=key, help=says)
    elif kinds <= {"array", "object"}:
        st.text_area(field, value=_written(usual), key=key, help=says, height=68)
    else:
        st.text_input(field, value="" if usual is None else str(usual), key=key, help=says)


def _written(value: Any) -> str:
    """A list or a mapping, in one line of YAML; nothing for an empty one."""
    if not value:
        return ""
    return yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000).strip()
