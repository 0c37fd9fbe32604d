"""Fields of objects, one by one, and matters of form."""

import pytest

from resources.data.merging.model import Versions
from resources.data.merging.records.fields import DEEPEST, chosen_form, field_name, merged_record, settled
from resources.data.merging.records.json_text import Atom, Record, value_of


def record(text: str) -> Record:
    value = value_of(text).value
    assert isinstance(value, dict)
    return Record(value, text)


def merged(base: str | None, ours: str, theirs: str) -> tuple[str, list[str]]:
    """The merged object, and the fields that were asked for."""
    asked = []

    def ask(path: tuple[str, ...], states: Versions[Atom | None]) -> Atom | None:
        asked.append(field_name(path))
        return states.base

    versions = Versions(None if base is None else record(base), record(ours), record(theirs))
    found = merged_record(versions, lambda states: states.base, ask)
    assert found is not None
    assert value_of(found.raw).value == found.value
    return found.raw, asked


def test_fields_that_one_side_added_changed_or_deleted_are_taken() -> None:
    base = '{"a": 1, "b": 2, "c": 3}'
    assert merged(base, '{"a": 9, "b": 2, "x": 0}', '{"a": 1, "b": 8, "c": 3}') == (
        '{"a": 9, "b": 8, "x": 0}',
        [],
    )


def test_a_field_that_one_deleted_and_the_other_changed_is_asked_for() -> None:
    assert merged('{"a": 1, "b": 2}', '{"a": 3}', '{"a": 1, "b": 3}') == ('{"a": 3, "b": 2}', ["b"])


def test_the_same_value_written_otherwise_is_no_change() -> None:
    assert merged('{"a": [1,2]}', '{"a": [1, 2]}', '{"a": [1,2], "b": 0}') == ('{"a": [1,2], "b": 0}', [])
    assert settled(Versions(value_of("[1,2]"), value_of("[1, 2]"), value_of("[ 1,2]")))[1] == value_of(
        "[1, 2]"
    )


def test_lists_are_one_value() -> None:
    assert merged('{"a": [1, 2]}', '{"a": [1, 3]}', '{"a": [2, 2]}') == ('{"a": [1, 2]}', ["a"])


def test_an_object_where_the_other_has_none_is_one_value() -> None:
    assert merged('{"a": {"x": 1}}', '{"a": {"x": 2}}', '{"a": 5}')[1] == ["a"]
    assert merged(None, '{"a": {"x": 2}}', '{"a": {"y": 5}}') == ('{"a": {"x": 2, "y": 5}}', [])


def test_far_within_each_other_objects_are_one_value() -> None:
    def deep(value: int, levels: int) -> str:
        return '{"a": ' * levels + f'{{"x": {value}, "y": {value}}}' + "}" * levels

    assert merged(deep(0, 3), deep(1, 3), deep(2, 3))[1] == ["a.a.a.x", "a.a.a.y"]
    assert merged(deep(0, 400), deep(1, 400), deep(2, 400))[1] == [".".join("a" * (DEEPEST + 1))]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (("label",), "label"),
        (("data", "label"), "data.label"),
        (("a.b", "c"), '"a.b".c'),
        (("", '"'), '""."\\""'),
        (("a b", "猫"), '"a b".猫'),
    ],
)
def test_a_field_is_named_one_to_one(path: tuple[str, ...], name: str) -> None:
    assert field_name(path) == name


def test_who_changed_the_form_decides_it() -> None:
    assert chosen_form(Versions("a", "b", "a"), "x") == "b"
    assert chosen_form(Versions("a", "a", "b"), "x") == "b"
    assert chosen_form(Versions("a", "c", "b"), "x") == "b"
    assert chosen_form(Versions("a", None, "b"), "x") == "b"
    assert chosen_form(Versions("a", None, None), "x") == "a"
    assert chosen_form(Versions(None, None, None), "x") == "x"
    assert chosen_form(Versions(True, False, True), True) is False
