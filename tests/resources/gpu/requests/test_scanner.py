"""Reading from left to right: blanks, full-width punctuation, and positions."""

import re

from resources.gpu.requests.scanner import ASCII_DIGITS_ONLY, NOT_A_QUANTITY, Scanner

WORD = re.compile("[a-z]+")


def test_blanks_and_full_width_punctuation_are_read_as_if_typed_plainly() -> None:
    scanner = Scanner(" ab\u3000（ c ，d）：")
    read = [scanner.match(WORD), scanner.take("("), scanner.match(WORD), scanner.take(",")]
    assert all(read)
    assert not scanner.take(")")
    assert scanner.next() == "d"
    assert scanner.match(WORD) is not None
    assert [scanner.take(")"), scanner.take(":"), scanner.next()] == [True, True, ""]


def test_what_does_not_match_is_left_to_be_read() -> None:
    scanner = Scanner("1a")
    assert scanner.match(WORD) is None
    assert scanner.at == 0


def test_an_error_is_about_the_next_character_or_the_one_named() -> None:
    scanner = Scanner("a  ٣")
    scanner.match(WORD)
    error = scanner.refuse("a letter")
    assert (error.position, error.expected, error.reason) == (4, "a letter", ASCII_DIGITS_ONLY)
    named = scanner.refuse("b", at=0, reason="why")
    assert (named.position, named.reason) == (1, "why")
    assert scanner.refuse("b", at=4).reason == NOT_A_QUANTITY
