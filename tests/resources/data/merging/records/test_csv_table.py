"""Tables as they are read for a merge."""

from resources.data.merging.model import Versions
from resources.data.merging.records.csv_table import Tables, read_tables


def tables(base: str | None, ours: str, theirs: str, *ids: str) -> Tables:
    contents = Versions(None if base is None else base.encode(), ours.encode(), theirs.encode())
    return read_tables(contents, ids)


def test_the_first_candidate_that_tells_all_rows_apart_is_the_id_column() -> None:
    text = "image,id\na,1\na,2\n"
    found = tables(text, text, text, "image", "id")
    assert found.id_column == "id"
    assert list(found.versions.ours.rows) == ["1", "2"]


def test_the_separator_is_the_one_that_gives_all_headers_an_id_column() -> None:
    assert tables("id;x\n", "id;x\n", "id;y\n", "id").separator == ";"
    assert tables("id\tx,y\n", "id\tx,y\n", "id\tz\n", "id").separator == "\t"
    assert tables("id\n", "id\n", "id\n", "id").separator == ","
    assert tables('"id";"x"\n', '"id";"x"\n', '"id";"x"\n', "id").separator == ";"


def test_a_base_that_is_empty_has_no_columns() -> None:
    assert tables("", "id\n1\n", "id\n2\n", "id").versions.base.header == {}
    assert tables(None, "id\n1\n", "id\n2\n", "id").versions.base.rows == {}
