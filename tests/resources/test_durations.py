"""Lengths of time as people write them."""

import pytest

from resources.durations import seconds_of
from resources.errors import BadInput


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("8h", 28_800), ("90m", 5400), ("1d12h", 129_600), ("45s", 45), (" 1H30M ", 5400), ("2d", 172_800)],
)
def test_a_length_of_time_is_read(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "8", "0h", "h", "1.5h", "-1h", "1m1h", "8 h", "٣h", "1w", "12345d"])
def test_what_is_no_length_of_time_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(BadInput, match="expected a length of time such as 8h"):
        seconds_of(text)
