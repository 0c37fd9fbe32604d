"""Files of labels, good and bad."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.byhand.model import GivenRow
from resources.data.byhand.reading import read_table, refuse
from resources.errors import BadInput, NotFound

JSON = """[
{"sample": "a.png", "label": "dark", "score": 0.5},

 {"file": "b c.png",
  "label": "light"}
]
"""
ROWS = [("a.png", "dark"), ("b c.png", "light")]


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("l.csv", "sample,label\na.png,dark\nb c.png,light\n", [2, 3]),
        ("l.csv", "\ufefflabel , File,more\r\ndark,a.png,1\r\n\r\nlight, b c.png,2\r\n", [2, 4]),
        ("l.csv", '\nid,label\n"a.png",dark\n"b c.png","light"', [3, 4]),
        ("l.jsonl", '{"path": "a.png", "label": "dark"}\n\n{"image": "b c.png", "label": "light"}', [1, 3]),
        ("l.json", JSON, [2, 4]),
    ],
)
def test_each_format_gives_the_same_rows_with_their_lines(
    tmp_path: Path, name: str, text: str, lines: list[int]
) -> None:
    table = read_table(written(tmp_path, name, text))
    assert table.complaints == ()
    assert list(table.rows) == [GivenRow(line, *row) for line, row in zip(lines, ROWS, strict=True)]


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("l.csv", "name,label\na,dark\n", (1, "the header is")),
        ("l.csv", "sample,label\na\n", (2, "it has 1 values; the header names 2")),
        ("l.csv", "sample,label\n,dark\n", (2, "no sample is named; expected one of sample, id")),
        ("l.csv", "sample,label\na, \n", (2, "a has no label; expected one under 'label'")),
        ("l.csv", 'sample,label\n"a,dark\n', (2, "it is no CSV")),
        ("l.json", '{"sample": "a"}', (1, "expected an array of objects, such as")),
        ("l.json", '[{"sample": "a", "label": "x"}\n{"a": 1}]', (2, "the array does not go on")),
        ("l.json", "[1]", (1, "1 is no object")),
        ("l.json", '[{"sample": ["a"], "label": "x"}]', (1, 'sample is ["a"]; expected text')),
        ("l.json", "[]\nmore", (1, "something follows the array")),
        ("l.json", '[{"sample": ', (1, "it is no JSON")),
        ("l.jsonl", '{"sample": "a", "label": true}', (1, "label is true; expected text")),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(
    tmp_path: Path, name: str, text: str, complaint: tuple[int, str]
) -> None:
    path = written(tmp_path, name, text)
    table = read_table(path)
    [(line, why)] = table.complaints
    assert line == complaint[0]
    assert complaint[1] in why
    with pytest.raises(BadInput, match=rf"(?s)refused as a whole, and nothing was written:.*line {line}: "):
        refuse(path, table.complaints)


def test_what_is_no_file_of_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(BadInput, match=r"ends in .txt; expected one of .csv, .json, .jsonl"):
        read_table(written(tmp_path, "l.txt", "x"))
    with pytest.raises(BadInput, match="holds no label; expected one or more"):
        read_table(written(tmp_path, "l.csv", "sample,label\n"))
    (tmp_path / "l.csv").write_bytes(b"sample,label\na,\xff\n")
    with pytest.raises(BadInput, match="is not UTF-8 text: byte 15, in line 2"):
        read_table(tmp_path / "l.csv")


@given(text=st.text(max_size=60), name=st.sampled_from(["l.csv", "l.json", "l.jsonl"]))
def test_no_text_at_all_breaks_the_reading(text: str, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(text.encode(errors="replace"))
        try:
            table = read_table(path)
        except BadInput:
            return
    assert all(1 <= line <= text.count("\n") + text.count("\r") + 1 for line, _ in table.complaints)


@given(rows=st.lists(st.tuples(st.text("abc.-", min_size=1), st.text("xyz", min_size=1)), min_size=1))
def test_what_is_written_as_json_is_read_as_it_was(rows: list[tuple[str, str]]) -> None:
    documents = [{"sample": name, "label": label} for name, label in rows]
    with tempfile.TemporaryDirectory() as folder:
        table = read_table(written(Path(folder), "l.json", json.dumps(documents, indent=1)))
    assert [(row.name, row.label) for row in table.rows] == rows
