"""Marks, and how long a failure counts."""

import pytest

from resources.errors import BadInput
from resources.gpu.placement.journal import Journal, Step

TAKEN, GIVEN = Step(taken=True), Step(taken=False)


def test_steps_come_back_the_last_first_down_to_the_mark() -> None:
    journal = Journal()
    journal.mark()
    journal.add(GIVEN)
    inner = journal.mark()
    journal.add(TAKEN)
    journal.add(GIVEN)
    assert list(journal.undone(inner)) == [GIVEN, TAKEN]


def test_what_was_kept_inside_is_undone_with_the_outer_mark() -> None:
    journal = Journal()
    outer = journal.mark()
    inner = journal.mark()
    journal.add(TAKEN)
    journal.keep(inner)
    assert list(journal.undone(outer)) == [TAKEN]


def test_without_a_mark_nothing_is_remembered() -> None:
    journal = Journal()
    journal.add(TAKEN)
    mark = journal.mark()
    journal.add(TAKEN)
    journal.keep(mark)
    assert list(journal.undone(journal.mark())) == []


def test_a_mark_ends_once_and_takes_the_later_ones_with_it() -> None:
    journal = Journal()
    outer = journal.mark()
    inner = journal.mark()
    list(journal.undone(outer))
    for end in (outer, inner):
        with pytest.raises(BadInput, match="has ended already"):
            journal.keep(end)


def test_a_failure_counts_until_something_is_given_back() -> None:
    journal = Journal()
    era = journal.era
    journal.add(TAKEN)
    assert journal.still(era)
    journal.add(GIVEN)
    assert not journal.still(era)


def test_a_failure_in_a_what_if_does_not_count_after_it() -> None:
    journal = Journal()
    before = journal.era
    mark = journal.mark()
    journal.add(TAKEN)
    inside = journal.era
    assert journal.still(before)
    journal.add(GIVEN)
    assert not journal.still(before)
    list(journal.undone(mark))
    assert journal.still(before)
    assert not journal.still(inside)


def test_many_what_ifs_in_a_row_leave_nothing_behind() -> None:
    journal = Journal()
    for _ in range(1000):
        journal.keep(journal.mark())
    assert len(journal._eras) <= 64
    assert not journal._steps
