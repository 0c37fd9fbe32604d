"""Texts that say the same are found, whatever blanks, case and forms of Unicode they have."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.making.similarity.wordings import WordingFile, Wordings, wording
from resources.terms import SampleId


def ids(*texts: str) -> dict[SampleId, str]:
    return {SampleId(hashlib.sha256(one.encode()).hexdigest()): one for one in texts}


def read(text: str) -> bytes:
    return text.encode()


@pytest.mark.parametrize(
    "twin",
    ["Thank you, Zoe\u0301!\n", "thank YOU, zoé!", "Thank\tyou,\r\nZoé!", "Ｔhank you, Zoé!"],
)
def test_a_twin_differs_in_blanks_case_or_form_alone(twin: str) -> None:
    assert wording(twin) == wording("Thank you, Zoé!")


@pytest.mark.parametrize("other", ["Thank you, Zoé", "Thank you Zoé!", "Thanks, Zoé!", "thankyou, zoé!"])
def test_a_text_that_differs_in_a_word_or_a_mark_is_no_twin(other: str) -> None:
    assert wording(other) != wording("Thank you, Zoé!")


@given(st.text())
def test_a_wording_is_its_own(text: str) -> None:
    assert wording(text.upper().lower()) == wording(wording(text.upper().lower()))
    assert wording(f"  {text}\n") == wording(text)


def test_pairs_are_found_once_read_and_known_from_then_on(tmp_path: Path) -> None:
    file, asked = WordingFile(tmp_path), list[str]()

    def counted(text: str) -> bytes:
        asked.append(text)
        return text.encode()

    texts = ids("One two", "one  two", "three", "ONE TWO\n")
    known, broken = file.take_in(texts, counted)
    assert not broken
    pairs = known.among(texts)
    assert len(pairs) == 3
    assert all(pair.one < pair.other and pair.are_texts for pair in pairs)
    assert "they say the same" in pairs[0].how
    assert len(known.among(list(texts)[:2])) == 1
    file.take_in(texts | ids("four"), counted)
    assert asked == [*texts.values(), "four"]
    assert file.read().hashes.keys() == (texts | ids("four")).keys()


def test_what_is_no_text_is_told_and_looked_at_again(tmp_path: Path) -> None:
    known, broken = WordingFile(tmp_path).take_in(ids("  ", "one"), read)
    assert [str(one) for one in broken.values()] == ["the file is empty"]
    assert known.hashes.keys() == ids("one").keys()


@pytest.mark.parametrize("left", [b"", b"PK\3\4 torn", b"x" * 100])
def test_a_damaged_file_is_made_again(tmp_path: Path, left: bytes) -> None:
    WordingFile(tmp_path).take_in(ids("one"), read)
    (path,) = tmp_path.glob(".wordings-*.npz")
    path.write_bytes(left)
    assert WordingFile(tmp_path).read() == Wordings({})
    assert len(WordingFile(tmp_path).take_in(ids("one"), read)[0].hashes) == 1
