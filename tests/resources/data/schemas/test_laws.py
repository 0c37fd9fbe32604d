"""The laws of schemas, over drawn trees."""

import random

from hypothesis import given
from hypothesis import strategies as st

from resources.data.schemas.comparing import What, compare
from resources.data.schemas.inferring import infer, known_from
from resources.data.schemas.model import Schema
from resources.data.schemas.texts import changes, schema_of, text_of
from resources.data.schemas.unchanged import is_unchanged
from resources.data.trees.listing import Tree
from tests.examples import drawing
from tests.resources.data.schemas.trees import FILES, reader, schema, tree_of

OPPOSITE = {
    What.FILE_ADDED: What.FILE_REMOVED,
    What.COLUMN_ADDED: What.COLUMN_REMOVED,
    What.CLASS_ADDED: What.CLASS_REMOVED,
    What.FORMAT_ADDED: What.FORMAT_REMOVED,
}
Files = dict[str, bytes]


@drawing(4)
@given(FILES, FILES)
def test_files_that_come_break_nothing(files: Files, more: Files) -> None:
    assert not any(change.breaks for change in compare(schema(files), schema(more | files)))


@drawing(4)
@given(FILES, FILES)
def test_what_comes_one_way_goes_the_other_way(files: Files, others: Files) -> None:
    there, back = compare(schema(files), schema(others)), compare(schema(others), schema(files))
    come = {(one.path, one.column, one.name, OPPOSITE[one.what]) for one in there if one.what in OPPOSITE}
    gone = {(one.path, one.column, one.name, one.what) for one in back if one.what in OPPOSITE.values()}
    assert come == gone


@drawing(4)
@given(FILES)
def test_nothing_is_different_from_itself(files: Files) -> None:
    assert compare(schema(files), schema(files)) == ()


@drawing(4)
@given(FILES, st.randoms())
def test_the_order_of_files_does_not_matter(files: Files, shuffled: random.Random) -> None:
    paths = list(files)
    shuffled.shuffle(paths)
    assert text_of(schema({path: files[path] for path in paths})) == text_of(schema(files))


@drawing(4)
@given(FILES, FILES)
def test_what_was_known_before_changes_nothing(files: Files, before: Files) -> None:
    known = known_from(schema(before), tree_of(before))
    assert schema(files, known) == schema(files)
    asked: list[str] = []
    infer(tree_of(files), reader(files, asked), known_from(schema(files), tree_of(files)))
    assert asked == []


@drawing(4)
@given(FILES, st.data())
def test_a_tree_is_unchanged_only_where_its_schema_is(files: Files, data: st.DataObject) -> None:
    others = {path: data.draw(st.sampled_from([files[path], b"?", b"id"])) for path in files}
    text = text_of(schema(files))
    if is_unchanged(text, tree_of(files), tree_of(others)):
        assert text_of(schema(others)) == text
    assert is_unchanged(text, tree_of(files), tree_of(files))
    assert not is_unchanged(text, tree_of(files), tree_of(files | {"new": b""}))
    assert not any(is_unchanged(one, tree_of(files), tree_of(files)) for one in ("{}", "[]", "?", '{"a": 1}'))


@drawing(4)
@given(FILES)
def test_a_schema_is_the_same_after_it_was_written_down(files: Files) -> None:
    found = schema(files)
    assert schema_of(text_of(found)) == found
    assert text_of(found).isascii()


@drawing(4)
@given(FILES, FILES)
def test_texts_are_compared_as_schemas_are(files: Files, others: Files) -> None:
    assert changes(text_of(schema(files)), text_of(schema(others))) == compare(schema(files), schema(others))


@drawing(4)
@given(st.sampled_from(["x.csv", "x.tsv", "x.jsonl", "x.ndjson", "x.json"]), st.binary(max_size=60))
def test_no_bytes_do_harm(path: str, content: bytes) -> None:
    assert isinstance(schema({path: content}), Schema)


def test_no_files_have_a_schema_too() -> None:
    assert infer(Tree.of({}), reader({})) == Schema()
