"""The question that a conflict asks, in any language."""

import pytest

from resources.data.merging.model import ConflictKind
from resources.data.merging.sentences import sentence, shown_path
from resources.texts import filled, in_language, translator


@pytest.mark.parametrize("kind", ConflictKind)
def test_each_kind_of_conflict_has_its_sentence(kind: ConflictKind) -> None:
    text = sentence("a/b", None, None, kind, "0", "1", "2", "")
    assert text.startswith("a/b: ")
    assert text.endswith(".")
    assert in_language(text, translator("zh_CN")) != text


def test_a_sentence_says_where_in_the_readers_language() -> None:
    zh = translator("zh_CN")
    places = [
        sentence("p", record, field, ConflictKind.BOTH_ADDED, None, "1", "2", "")
        for record, field in (("r", None), (None, "f"), ("r", "f"))
    ]
    assert [text.partition(":")[0] for text in places] == [
        "p, record r",
        "p, field f",
        "p, record r, field f",
    ]
    assert all(
        "record" not in in_language(text, zh) and "field" not in in_language(text, zh) for text in places
    )


def test_a_reason_stands_behind_in_brackets() -> None:
    text = sentence("p", None, None, ConflictKind.BOTH_ADDED, None, "1", "2", filled("because"))
    assert text == "p: both added it. Ours: 1. Theirs: 2. (because)"


def test_long_values_are_cut_and_what_is_not_there_is_a_dash() -> None:
    text = sentence("p", None, None, ConflictKind.BOTH_CHANGED, None, "x" * 500, "2", "")
    assert len(text) < 250
    assert "It was: –." in text


def test_any_name_can_be_printed() -> None:
    assert shown_path("é\udcff").encode()
    assert shown_path("\ud800").encode()
