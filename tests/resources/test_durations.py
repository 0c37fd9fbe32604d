"""Lengths of time as people write them."""

import pytest

from resources.durations import LONGEST_S, seconds_of
from resources.errors import BadInput


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("8h", 28_800), ("90m", 5400), ("1d12h", 129_600), ("45s", 45), (" 1H30M ", 5400), ("2d", 172_800)],
)
def test_a_length_of_time_is_read(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "8", "0h", "h", "1.5h", "-1h", "1m1h", "8 h", "٣h", "1w", "1" * 50 + "d"]
)
def test_what_is_no_length_of_time_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(BadInput, match="expected a length of time such as 8h"):
        seconds_of(text)


@pytest.mark.parametrize("text", ["10000d", "9999d1s", "300000d", "239977h", "999999999999s"])
def test_what_is_too_long_is_refused_with_the_longest_that_is_not(text: str) -> None:
    with pytest.raises(BadInput, match="is too long; expected at most 9999d"):
        seconds_of(text)


def test_the_longest_is_taken() -> None:
    assert seconds_of("9999d") == LONGEST_S
