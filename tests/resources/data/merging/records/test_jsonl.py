"""JSON lines: record by record, field by field, and nothing lost."""

import json
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.merging.model import Choice, ConflictKind, Resolution
from resources.data.merging.records.jsonl import merge_jsonl
from tests.examples import drawing
from tests.resources.data.merging.records.merging import (
    Merged,
    answered,
    check_laws,
    harmless,
    merged,
    why_not,
)

BASE = (
    '{"id": "a", "label": "cat", "score": 0.50}\n{"id": "b", "label": "dog"}\n{"id": "c", "label": "fox"}\n'
)


def jsonl(ours: str, theirs: str, base: str | None = BASE, *answers: Resolution) -> Merged:
    return merged(merge_jsonl, (base, ours, theirs), answers)


# Drawn files: few ids, few fields, so that edits of the two sides meet often.

NUMBERS = ("1", "1.0", "1e0", "0.1", "0.10", "123456789012345678901234567890")
GONE = object()


@dataclass(frozen=True)
class Line:
    id: str
    """As JSON."""
    fields: tuple[tuple[str, str], ...]
    """Names and values as JSON."""
    meta: tuple[tuple[str, str], ...] = ()
    style: tuple[str, str] = (", ", ": ")

    @property
    def text(self) -> str:
        comma, colon = self.style
        members = [("id", self.id), *self.fields]
        if self.meta:
            inner = comma.join(f"{json.dumps(name)}{colon}{value}" for name, value in self.meta)
            members.append(("meta", f"{{{inner}}}"))
        return "{" + comma.join(f"{json.dumps(name)}{colon}{value}" for name, value in members) + "}"


ids = st.sampled_from(['"a"', '"b"', '"c"', '"d"', '"é"', "1", "2", "10", '"1"'])
values = st.sampled_from(['"cat"', '"dog"', '""', "null", "true", "[1, 2.0]", *NUMBERS])
names = st.sampled_from(["label", "score", "note", "a b"])
styles = st.sampled_from([(", ", ": "), (",", ":"), (" , ", " : ")])
fields = st.lists(st.tuples(names, values), max_size=3, unique_by=lambda field: field[0]).map(tuple)
metas = fields.filter(bool) | st.just(())
lines = st.builds(Line, ids, fields, metas, st.just((", ", ": ")))


def files(line: st.SearchStrategy[Line]) -> st.SearchStrategy[list[Line]]:
    return st.lists(line, max_size=6, unique_by=lambda one: one.id)


@st.composite
def edited(draw: st.DrawFn, base: list[Line]) -> list[Line]:
    """A file as somebody leaves it: each record as it was, changed or gone, some new ones; in some order."""
    kept = []
    for known in base:
        line = known
        what = draw(st.sampled_from(["keep", "keep", "change", "change", "rewrite", "delete"]))
        if what == "change":
            line = replace(line, fields=draw(fields), meta=draw(metas))
        if what == "rewrite":
            line = replace(line, style=draw(styles))
        if what != "delete":
            kept.append(line)
    for new in draw(files(lines)):
        if all(new.id != known.id for known in (*base, *kept)):
            kept.insert(draw(st.integers(0, len(kept))), new)
    return list(draw(st.permutations(kept))) if draw(st.integers(0, 4)) == 0 else kept


@st.composite
def three(draw: st.DrawFn) -> tuple[list[Line], list[Line], list[Line]]:
    base = draw(files(lines))
    return base, draw(edited(base)), draw(edited(base))


def content(file: list[Line], newline: str = "\n", bom: str = "", end: bool = True) -> bytes:
    text = newline.join(line.text for line in file) + (newline if end and file else "")
    return (bom + text).encode()


def parsed(content: bytes | list[Line]) -> dict[str, object]:
    """Records by id, numbers as exact texts; read by another parser."""
    text = (
        content.decode("utf-8-sig") if isinstance(content, bytes) else "\n".join(one.text for one in content)
    )
    found: dict[str, object] = {}
    for line in text.splitlines():
        record = json.loads(line, parse_int=lambda one: (one,), parse_float=lambda one: (one,))
        key = json.dumps(record["id"]) if isinstance(record["id"], str) else record["id"][0]
        assert key not in found
        found[key] = record
    return found


def ours_first(base: object, ours: object, theirs: object, depth: int = 0) -> object:
    """What a thing comes to where ours counts wherever both did something else; ``GONE``: it is not there."""
    if theirs == base or ours == theirs:
        return ours
    if ours == base:
        return theirs
    before = {} if base is GONE else base
    if depth < 3 and isinstance(before, dict) and isinstance(ours, dict) and isinstance(theirs, dict):
        merged = {
            name: ours_first(before.get(name, GONE), ours.get(name, GONE), theirs.get(name, GONE), depth + 1)
            for name in {*before, *ours, *theirs}
        }
        return {name: value for name, value in merged.items() if value is not GONE}
    return ours


@given(three())
def test_the_laws_hold_for_any_three_files(drawn: tuple[list[Line], list[Line], list[Line]]) -> None:
    check_laws(merge_jsonl, *(content(file) for file in drawn))


@given(three(), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans(), st.booleans())
@drawing(0.5)
def test_the_laws_hold_whatever_the_form(
    drawn: tuple[list[Line], list[Line], list[Line]], newline: str, bom: bool, end: bool, early: bool
) -> None:
    base, ours, theirs = drawn
    other = content(ours, newline, "\ufeff" if bom else "", end)
    check_laws(merge_jsonl, content(base) if early else other, other, content(theirs))


@given(three())
def test_nothing_that_a_side_did_is_lost(drawn: tuple[list[Line], list[Line], list[Line]]) -> None:
    base, ours, theirs = (parsed(file) for file in drawn)
    contents = [content(file) for file in drawn]
    after = answered(merge_jsonl, contents, Choice.OURS)
    by_ours = ours_first(base, ours, theirs)
    assert parsed(after.content) == by_ours
    assert bool(after.resolved) == (by_ours != ours_first(base, theirs, ours))


@given(three())
def test_different_records_never_conflict(drawn: tuple[list[Line], list[Line], list[Line]]) -> None:
    base, ours, theirs = drawn
    by_id = {line.id: line for line in base}
    mine = {line.id for line in ours if line != by_id.get(line.id)} | (
        by_id.keys() - {line.id for line in ours}
    )
    calm = [line for line in base if line.id in mine or any(line.id == one.id for one in theirs)]
    calm = [
        by_id[line.id] if line.id in mine else next(one for one in theirs if one.id == line.id)
        for line in calm
    ]
    calm += [line for line in theirs if line.id not in by_id and line.id not in mine]
    assert not merged(merge_jsonl, [content(file) for file in (base, ours, calm)]).conflicts


@given(three())
@drawing(0.5)
def test_what_neither_side_touched_keeps_its_bytes(drawn: tuple[list[Line], list[Line], list[Line]]) -> None:
    base, ours, theirs = drawn
    after = merged(merge_jsonl, [content(file) for file in drawn]).lines
    assert all(line.text in after for line in base if line in ours and line in theirs)


@given(
    st.lists(
        st.binary(max_size=30) | st.sampled_from([b'{"id": 1}', b'{"id":', b"\xef\xbb\xbf", b"\n"]),
        max_size=4,
    ),
    st.data(),
)
def test_no_bytes_whatsoever_do_harm(pieces: list[bytes], data: st.DataObject) -> None:
    whole = b'{"id": 1, "a": 2}\n{"id": 2}\n'
    at = data.draw(st.integers(0, len(whole)))
    broken = whole[:at] + b"".join(pieces) + whole[at:]
    for contents in ((whole, broken, whole[:-1]), (broken, whole, b""), (None, broken, whole)):
        assert harmless(merge_jsonl, *contents)


def test_two_who_labelled_different_samples_never_conflict() -> None:
    ours = BASE.replace('"cat"', '"lynx"')
    theirs = BASE.replace('"fox"', '"wolf"')
    after = jsonl(ours, theirs)
    assert after == Merged(ours.replace('"fox"', '"wolf"').encode(), ())


def test_different_fields_of_one_record_merge_and_keep_their_bytes() -> None:
    base = '{ "id":7,"label": "cat",  "box": [1.0,2], "score": 1e2 }'
    after = jsonl(base.replace('"cat"', '"dog"'), base.replace("[1.0,2]", "[1.50, 2]"), base)
    assert after.text == '{ "id":7,"label":"dog","box":[1.50, 2],"score":1e2 }'


def test_the_same_field_is_a_conflict_that_names_everything() -> None:
    after = jsonl(BASE.replace('"cat"', '"lynx"'), BASE.replace('"cat"', '"dog"'))
    (conflict,) = after.conflicts
    assert (conflict.path, conflict.record, conflict.field) == ("labels/file", "a", "label")
    assert (conflict.base, conflict.ours, conflict.theirs) == ('"cat"', '"lynx"', '"dog"')
    assert conflict.sentence == (
        'labels/file, record a, field label: both changed it. Ours: "lynx". Theirs: "dog". It was: "cat".'
    )
    assert after.text == BASE


def test_objects_within_a_record_merge_field_by_field() -> None:
    base = '{"id": 1, "data": {"label": "cat", "who": {"name": "ann", "team": 1}}}\n'
    after = jsonl(base.replace("cat", "dog"), base.replace('"team": 1', '"team": 2'), base)
    assert after.text == base.replace("cat", "dog").replace('"team": 1', '"team": 2')
    after = jsonl(base.replace("ann", "eve"), base.replace("ann", "bob"), base)
    assert [conflict.field for conflict in after.conflicts] == ["data.who.name"]


def test_deleted_by_both_is_gone_and_deleted_against_changed_is_a_conflict() -> None:
    _, b, c = BASE.splitlines(keepends=True)
    after = jsonl(b, b.replace("dog", "cow"))
    assert after.text == b.replace("dog", "cow")
    after = jsonl(b + c, BASE.replace("cat", "lynx"))
    assert after.told == [
        (
            'labels/file, record a: ours deleted it, theirs changed it. Theirs: {"id": "a", "label": "lynx", '
            '"score": 0.50}. It was: {"id": "a", "label": "cat", "score": 0.50}.'
        )
    ]
    assert after.text == BASE


def test_the_same_new_record_from_both_is_one_and_different_ones_are_asked_about() -> None:
    assert jsonl(BASE + '{"id": "d", "n": 1}\n', BASE + '{"n": 1, "id": "d"}\n').conflicts == ()
    after = jsonl(BASE + '{"id": "d", "n": 1, "x": 2}\n', BASE + '{"id": "d", "n": 1.0}\n')
    assert [(one.kind, one.field) for one in after.conflicts] == [(ConflictKind.BOTH_ADDED, "n")]
    assert after.lines[-1] == '{"id": "d", "x": 2}'


def test_new_records_come_in_one_order_whichever_side_is_ours() -> None:
    base = '{"id": 1}\n'
    after = jsonl('{"id": 1}\n{"id": 12}\n{"id": 13}\n', '{"id": 1}\n{"id": 9}\n{"id": 100}\n', base)
    assert after.lines == ['{"id": 1}', '{"id": 9}', '{"id": 12}', '{"id": 13}', '{"id": 100}']
    after = jsonl('{"id": 1}\n{"id": 13}\n{"id": 12}\n', '{"id": 1}\n{"id": 9}\n{"id": 100}\n', base)
    assert after.lines == ['{"id": 1}', '{"id": 9}', '{"id": 100}', '{"id": 13}', '{"id": 12}']


def test_the_side_that_changed_the_order_decides_it() -> None:
    a, b, c = BASE.splitlines(keepends=True)
    assert jsonl(c + b + a, BASE.replace("cat", "lynx")).text == c + b + a.replace("cat", "lynx")


def test_numbers_survive_exactly() -> None:
    base = '{"id": 1, "n": 1, "big": 123456789012345678901234567890, "f": 0.1000}\n'
    after = jsonl(base.replace('"n": 1,', '"n": 1.0,'), base.replace("0.1000", "0.1"), base)
    assert after.text == '{"id": 1, "n": 1.0, "big": 123456789012345678901234567890, "f": 0.1}\n'


def test_line_ends_a_bom_and_the_last_line_end_are_form_and_merge() -> None:
    windows = BASE.replace("\n", "\r\n")
    after = jsonl("\ufeff" + windows, BASE.replace("cat", "lynx").removesuffix("\n"))
    assert after.text == "\ufeff" + windows.replace("cat", "lynx").removesuffix("\r\n")
    assert not after.conflicts


def test_blank_lines_are_no_records() -> None:
    after = jsonl(BASE.replace("\n", "\n\n"), BASE.replace("cat", "lynx"))
    assert after.text == BASE.replace("cat", "lynx")


def test_a_file_that_both_added_merges_without_a_base() -> None:
    after = jsonl('{"id": 2}\n', '{"id": 1}\n', None)
    assert after == Merged(b'{"id": 1}\n{"id": 2}\n', ())


@pytest.mark.parametrize(
    ("ours", "why"),
    [
        ('{"id": 1}\nnot json\n', "ours, line 2: Expecting value at character 1"),
        ('{"id": 1}\n[1]\n', "ours, line 2: it is no JSON object"),
        ('{"id": 1}\n{"x": 1}\n', "ours, line 2: the record has no id that is a text or a number"),
        ('{"id": 1}\n{"id": null}\n', "ours, line 2: the record has no id that is a text or a number"),
        ('{"id": 1}\n\n{"id": 1, "x": 2}\n', "ours, lines 1 and 3: id is 1 twice"),
        ('{"id": 1, "x": 1, "x": 2}\n', "ours, line 1: the key 'x' stands twice in one object"),
        ('{"id": 1} {"id": 2}\n', "ours, line 1: more text at character 11: '{\"id\": 2}'"),
        (b'{"id": "\xff"}\n', "ours: byte 9 is no UTF-8"),
    ],
)
def test_what_cannot_be_told_apart_says_why(ours: str | bytes, why: str) -> None:
    assert why_not(merge_jsonl, '{"id": 1}\n', ours, '{"id": 1, "y": 1}\n') == why


def test_what_is_nested_too_deep_says_so() -> None:
    deep = '{"id": ' + "[" * 100_000 + "}\n"
    assert why_not(merge_jsonl, "", deep, '{"id": 1}\n') == "ours, line 1: it is nested too deep"


def test_files_without_any_usual_field_say_what_was_looked_for() -> None:
    assert why_not(merge_jsonl, '{"x": 1}\n', '{"x": 2}\n', '{"x": 3}\n') == (
        "no field names the records; looked for sample_id, sample, id, file_name, file, image"
    )


def test_the_first_field_that_tells_all_records_apart_is_the_id() -> None:
    base = '{"sample": "x", "id": 1}\n{"sample": "x", "id": 2}\n'
    after = jsonl(
        base.replace('"id": 1', '"id": 1, "n": 1'), base.replace('"id": 2', '"id": 2, "n": 2'), base
    )
    assert after.text == '{"sample": "x", "id": 1, "n": 1}\n{"sample": "x", "id": 2, "n": 2}\n'


def test_a_given_value_takes_the_place_of_all_three() -> None:
    ours, theirs = BASE.replace('"cat"', '"lynx"'), BASE.replace('"cat"', '"dog"')
    (conflict,) = jsonl(ours, theirs).conflicts
    after = jsonl(ours, theirs, BASE, Resolution(Choice.GIVEN, conflict.id, value='{"en":\n"ounce"}'))
    assert after.text == BASE.replace('"cat"', '{"en": "ounce"}')
    assert not after.conflicts
    after = jsonl(ours, theirs, BASE, Resolution(Choice.DELETE, conflict.id))
    assert after.lines[0] == '{"id": "a", "score": 0.50}'


@pytest.mark.parametrize("value", ["ounce", '"\\ud800', '"\ud800"'])
def test_a_given_value_that_is_none_leaves_the_conflict_open_and_says_why(value: str) -> None:
    ours, theirs = BASE.replace('"cat"', '"lynx"'), BASE.replace('"cat"', '"dog"')
    (conflict,) = jsonl(ours, theirs).conflicts
    after = jsonl(ours, theirs, BASE, Resolution(Choice.GIVEN, conflict.id, value=value))
    assert after.conflicts == (conflict,)
    assert f"given is no answer to {conflict.id}" in after.unused[0].why
    assert "is no JSON" in after.unused[0].why


def test_a_given_record_keeps_its_id() -> None:
    ours, theirs = BASE.replace(BASE.splitlines(keepends=True)[0], ""), BASE.replace('"cat"', '"dog"')
    (conflict,) = jsonl(ours, theirs).conflicts
    after = jsonl(ours, theirs, BASE, Resolution(Choice.GIVEN, conflict.id, value='{"id": "a", "label": 1}'))
    assert after.lines[0] == '{"id": "a", "label": 1}'
    after = jsonl(ours, theirs, BASE, Resolution(Choice.GIVEN, conflict.id, value='{"id": "z"}'))
    assert after.conflicts == (conflict,)
    assert "is no record with the id a" in after.unused[0].why
