"""Reasons: a rule, a sentence in the reader's language, and nothing left open."""

import pytest

from resources.gpu.forecast.reason import Reason


def test_the_sentence_is_translated_before_the_values_are_put_in() -> None:
    reason = Reason("F1", "{who} keeps {held}.", {"who": "vision", "held": 2})
    assert reason.text == "vision keeps 2."
    assert reason.translated({"{who} keeps {held}.": "{held}: {who}"}.__getitem__) == "2: vision"


def test_a_value_that_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match="rule F2: no value for held in"):
        Reason("F2", "{who} keeps {held}.", {"who": "vision"})
