"""What can be lent: never below nothing, never above what is owed, and less where more is expected."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.forecast.history import HOUR_S
from resources.gpu.forecast.lending import Forecast, LendingLimit, Owed, devices, lending_limits
from resources.gpu.forecast.model import Quantiles
from resources.texts import LANGUAGES, translator

START_S = 100 * HOUR_S
milli = st.integers(0, 20_000)


@st.composite
def quantiles(draw: st.DrawFn) -> Quantiles:
    median = draw(st.lists(st.floats(0, 20_000), min_size=1, max_size=30))
    added = draw(st.lists(st.floats(0, 5_000), min_size=len(median), max_size=len(median)))
    return Quantiles(tuple(median), tuple(low + more for low, more in zip(median, added, strict=True)))


owed_ones = st.builds(Owed, st.just("vision"), milli, milli, st.none() | milli)
moments = st.floats(START_S - 5 * HOUR_S, START_S + 40 * HOUR_S)
hours = st.integers(1, 12)


def limit(
    owed: Owed, said: Quantiles | None, now_s: float = START_S, hold_h: int = 2, warm_h: int = 2
) -> LendingLimit:
    forecast = None if said is None else Forecast(START_S, {"vision": said})
    return lending_limits([owed], forecast, now_s, hold_h=hold_h, warm_h=warm_h)["vision"]


@given(owed_ones, st.none() | quantiles(), moments, hours, hours)
def test_a_limit_is_never_below_nothing_and_never_above_what_is_owed(
    owed: Owed, said: Quantiles | None, now_s: float, hold_h: int, warm_h: int
) -> None:
    found = limit(owed, said, now_s, hold_h, warm_h)
    assert 0 <= found.limit_milli <= owed.nominal_milli
    assert found.held_milli >= 0
    assert found.limit_milli + found.held_milli <= owed.nominal_milli
    if owed.lending_limit_milli is not None:
        assert found.limit_milli <= owed.lending_limit_milli
    assert found.reason.text


@given(owed_ones, quantiles(), hours, hours, st.floats(0, 5_000))
def test_who_will_ask_for_more_lends_no_more(
    owed: Owed, said: Quantiles, hold_h: int, warm_h: int, more: float
) -> None:
    raised = Quantiles(tuple(one + more for one in said.median), tuple(one + more for one in said.high))
    fewer = limit(owed, raised, hold_h=hold_h, warm_h=warm_h)
    assert fewer.limit_milli <= limit(owed, said, hold_h=hold_h, warm_h=warm_h).limit_milli


@given(owed_ones, quantiles(), hours, hours, st.integers(0, 5))
def test_who_is_owed_more_lends_no_less(
    owed: Owed, said: Quantiles, hold_h: int, warm_h: int, more: int
) -> None:
    richer = replace(owed, nominal_milli=owed.nominal_milli + more * 1000)
    assert limit(richer, said, hold_h=hold_h, warm_h=warm_h).limit_milli >= (
        limit(owed, said, hold_h=hold_h, warm_h=warm_h).limit_milli
    )


@given(owed_ones, quantiles(), hours, hours)
def test_what_will_probably_be_asked_for_meanwhile_is_not_lent(
    owed: Owed, said: Quantiles, hold_h: int, warm_h: int
) -> None:
    found = limit(owed, said, hold_h=hold_h, warm_h=warm_h)
    if hold_h + warm_h <= len(said.median):
        kept = owed.nominal_milli - found.limit_milli
        assert kept >= min(max(said.high[:hold_h]), owed.nominal_milli)
        assert kept >= min(owed.asks_milli, owed.nominal_milli)


EIGHT = Owed("vision", 8000)


@pytest.mark.parametrize(
    ("owed", "said", "rule", "lent", "sentence"),
    [
        pytest.param(
            replace(EIGHT, asks_milli=3000),
            None,
            "F1",
            5000,
            "There is no forecast for vision; it keeps the 3 devices it asks for, and can lend 5.",
            id="no forecast",
        ),
        pytest.param(
            EIGHT,
            Quantiles((1000, 1000, 0, 0), (2000, 2500, 9000, 9000)),
            "F2",
            5500,
            "vision keeps 2.5 of its 8 devices: it will probably ask for no more within 2 h; "
            "it can lend 5.5.",
            id="holds back what it may ask for soon",
        ),
        pytest.param(
            EIGHT,
            Quantiles((0, 0, 6000, 6000), (0, 0, 9000, 9000)),
            "F3",
            2000,
            "vision prepares to use 6 of its 8 devices in 2 h to 4 h; until then it lends at most 2.",
            id="warms up before the working day",
        ),
        pytest.param(
            replace(EIGHT, asks_milli=7000),
            Quantiles((0,) * 4, (1000,) * 4),
            "F4",
            1000,
            "vision asks for 7 of its 8 devices already, more than expected; it can lend 1.",
            id="asks for more than was expected",
        ),
        pytest.param(
            replace(EIGHT, lending_limit_milli=3000),
            Quantiles((0,) * 4, (1000,) * 4),
            "F5",
            3000,
            "vision could lend 7 devices, and its lending limit is 3.",
            id="a quota allows less",
        ),
        pytest.param(
            EIGHT,
            Quantiles((9000,) * 4, (12000,) * 4),
            "F2",
            0,
            "vision keeps 8 of its 8 devices: it will probably ask for no more within 2 h; it can lend 0.",
            id="wants more than it is owed",
        ),
    ],
)
def test_each_rule_says_why(owed: Owed, said: Quantiles | None, rule: str, lent: int, sentence: str) -> None:
    found = limit(owed, said)
    assert (found.reason.rule, found.limit_milli) == (rule, lent)
    assert found.reason.text == sentence


def test_a_forecast_counts_from_the_hour_it_is_now_and_ends() -> None:
    said = Quantiles((0, 0, 0, 0, 5000, 5000), (0, 0, 0, 0, 5000, 5000))
    assert limit(EIGHT, said, START_S).limit_milli == 8000
    assert limit(EIGHT, said, START_S + 1 * HOUR_S).reason.rule == "F3"
    assert limit(EIGHT, said, START_S + 2 * HOUR_S + 3599).limit_milli == 3000
    assert limit(EIGHT, said, START_S + 3 * HOUR_S).reason.rule == "F1", "it ends before the hours do"
    assert limit(EIGHT, said, START_S - 1).reason.rule == "F1", "it has not begun"


def test_a_project_that_the_forecast_does_not_know_is_told_so() -> None:
    found = lending_limits([Owed("new", 2000)], Forecast(START_S, {}), START_S)["new"]
    assert (found.reason.rule, found.limit_milli) == ("F1", 2000)


def test_every_rule_is_told_in_every_language() -> None:
    said = Quantiles((0,) * 4, (1000,) * 4)
    for language in LANGUAGES:
        assert "vision" in limit(EIGHT, said).reason.translated(translator(language))


def test_hours_and_numbers_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="hold_h is 0"):
        lending_limits([], None, START_S, hold_h=0)
    with pytest.raises(ValueError, match="below 0"):
        Owed("vision", -1)


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0"), (1000, "1"), (2500, "2.5"), (10_000, "10"), (125, "0.125")]
)
def test_devices_are_written_as_people_write_them(amount: int, text: str) -> None:
    assert devices(amount) == text
