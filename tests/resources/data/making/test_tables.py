"""Files that hold many texts: each line is a text with what is said about it, or told with its number."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.making.tables import HeldText, NoText, is_table, name_in, texts_in


def read(name: str, content: bytes) -> dict[int, str | tuple[str, dict[str, str]]]:
    """What each line holds, by its number."""
    return {
        one.line: (one.content.decode(), dict(one.metadata)) if isinstance(one, HeldText) else one.problem
        for one in texts_in(name, content)
    }


def test_each_line_of_json_is_a_text_and_the_rest_of_it_is_metadata() -> None:
    content = (
        b'{"text": "Thank you!", "from": "ann", "stars": 5, "none": null}\n\n{"TEXT": "Zwei\\nZeilen"}\n'
    )
    assert read("l.jsonl", content) == {
        1: ("Thank you!", {"from": "ann", "stars": "5"}),
        3: ("Zwei\nZeilen", {}),
    }


def test_each_line_of_a_table_is_a_text_wherever_its_column_stands() -> None:
    content = '\ufefffrom,Text\nann,"Thank\nyou!"\nbob,Bye\n'.encode()
    assert read("L.CSV", content) == {2: ("Thank\nyou!", {"from": "ann"}), 4: ("Bye", {"from": "bob"})}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{'text': 1}", "it is no JSON: Expecting property name enclosed in double quotes"),
        (b'["a"]', '["a"] is no object'),
        (b'{"label": "x"}', "it has no 'text'; expected a text under 'text'"),
        (b'{"text": 7}', "its 'text' is 7; expected a text under 'text'"),
        (b'{"text": "  "}', "its text is empty"),
        (b'{"text": "\\u0000"}', "it holds a zero byte, as no text does"),
        (b'{"text": "\\ud800"}', "it is no text: surrogates not allowed at character 0"),
        (b'{"text": "a", "b": "\\ud800"}', "it is no text: surrogates not allowed at character 1"),
        (b'{"text": "caf\xe9"}', "it is no UTF-8 text: invalid continuation byte at byte 13"),
        (
            json.dumps({"text": "a" * (1 << 20) + "a"}).encode(),
            "it has 1048577 bytes; expected at most 1048576",
        ),
    ],
)
def test_a_bad_line_is_told_with_its_number_and_costs_no_other(line: bytes, told: str) -> None:
    first, bad, last = read("l.jsonl", b'{"text": "one"}\n' + line + b'\n{"text": "three"}').values()
    assert (first, last) == (("one", {}), ("three", {}))
    assert isinstance(bad, str)
    assert bad.startswith(told)
    (problem,) = (one for one in texts_in("l.jsonl", b"\n" + line) if isinstance(one, NoText))
    assert str(problem).startswith("line 2: ")


@pytest.mark.parametrize("name", ["l.csv", "l.jsonl"])
def test_texts_are_as_long_in_a_table_as_in_files_of_their_own(name: str) -> None:
    text = "a" * (1 << 20)
    content = f"text\n{text}\n" if name == "l.csv" else json.dumps({"text": text})
    (found,) = texts_in(name, content.encode())
    assert isinstance(found, HeldText)
    assert len(found.content) == 1 << 20


def test_a_bad_line_of_a_table_costs_no_other() -> None:
    found = read("l.csv", b'text,from\none,ann\n"t"wo,bob\nthree\nfour,eve\n')
    assert found[2] == ("one", {"from": "ann"})
    assert found[5] == ("four", {"from": "eve"})
    assert str(found[3]).startswith("it is no CSV")
    assert found[4] == "it has 1 values; the header names 2"


def test_a_table_without_the_column_or_in_another_encoding_is_told_once() -> None:
    assert read("l.csv", b"file,label\na.txt,x\n") == {
        1: "the header is ['file', 'label']; expected a column 'text'"
    }
    assert read("l.csv", b"text\nok\ncaf\xe9\n") == {
        3: "the table is no UTF-8 text: invalid continuation byte"
    }


@given(
    st.lists(
        st.text(min_size=1, max_size=12).filter(lambda one: one.strip() and "\0" not in one)
        | st.binary(min_size=1, max_size=12).map(lambda one: one.replace(b"\n", b" "))
    )
)
def test_all_texts_between_any_bytes_are_found_where_they_stand(lines: list[str | bytes]) -> None:
    raw = [json.dumps({"text": one}).encode() if isinstance(one, str) else b"#" + one for one in lines]
    found = read("l.jsonl", b"\n".join(raw))
    assert sorted(found) == list(range(1, len(lines) + 1))
    texts = {line: said[0] for line, said in found.items() if not isinstance(said, str)}
    assert texts == {line: one for line, one in enumerate(lines, 1) if isinstance(one, str)}


@given(st.binary(max_size=200), st.sampled_from(["l.csv", "l.jsonl"]))
def test_no_bytes_break_the_reading(content: bytes, name: str) -> None:
    for one in texts_in(name, content):
        assert one.line >= 1
        assert isinstance(one, NoText) or one.content.strip()


def test_texts_are_called_by_their_table_and_line() -> None:
    assert name_in("inbox/a.jsonl", 7) == "inbox/a.jsonl/line-7.txt"
    assert [is_table(one) for one in ("a.JSONL", "b.csv", "c.txt", "d.json")] == [True, True, False, False]
