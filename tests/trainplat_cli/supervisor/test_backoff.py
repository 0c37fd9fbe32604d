import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainplat_cli.supervisor.backoff import (
    FIRST_PAUSE_S,
    FORGIVEN_AFTER_S,
    LONGEST_PAUSE_S,
    deaths_in_a_row,
    pause_s,
)


@given(st.integers(min_value=1, max_value=10**9))
def test_pauses_grow_up_to_the_longest_one(deaths: int) -> None:
    assert FIRST_PAUSE_S <= pause_s(deaths) <= pause_s(deaths + 1) <= LONGEST_PAUSE_S


def test_the_second_pause_is_twice_the_first() -> None:
    assert (pause_s(1), pause_s(2)) == (FIRST_PAUSE_S, 2 * FIRST_PAUSE_S)


def test_a_part_that_never_died_has_no_pause() -> None:
    with pytest.raises(ValueError, match="deaths is 0; expected 1 or more"):
        pause_s(0)


def test_a_part_that_was_well_for_long_is_forgiven_its_deaths() -> None:
    assert deaths_in_a_row(7, FORGIVEN_AFTER_S) == 1
    assert deaths_in_a_row(7, FORGIVEN_AFTER_S - 1) == 8
