"""The journal says what is being done, and when nobody does it any more."""

from datetime import timedelta

from resources.clock import utc_now
from resources.data.versions import journal
from resources.data.versions.journal import ELSEWHERE_FOR, Intent
from resources.database.engine import Database
from resources.holder import Holder

NOW = utc_now()


def test_what_is_begun_is_written_down_oldest_first_until_it_ends(any_database: Database) -> None:
    with any_database.write_plainly() as rows:
        later = journal.begin(rows, "give", "/somewhere", NOW)
        first = journal.begin(rows, "commit", "pets", NOW - timedelta(seconds=5))
    with any_database.read_plainly() as rows:
        assert journal.intents(rows) == [first, later]
    assert (first.kind, first.subject, first.holder) == ("commit", "pets", Holder.current())
    with any_database.write_plainly() as rows:
        journal.end(rows, first)
        journal.end(rows, first)
    with any_database.read_plainly() as rows:
        assert journal.intents(rows) == [later]


def test_what_is_begun_in_a_transaction_that_fails_was_not(any_database: Database) -> None:
    class Interrupted(Exception):
        pass

    try:
        with any_database.write_plainly() as rows:
            journal.begin(rows, "commit", "pets", NOW)
            raise Interrupted
    except Interrupted:
        pass
    with any_database.read_plainly() as rows:
        assert journal.intents(rows) == []


def test_it_is_over_when_its_process_is_dead_and_not_before() -> None:
    here = Holder.current()
    dead = Holder(here.host, here.pid, "another start:1")
    long_ago = NOW - timedelta(days=300)
    assert not Intent("1", "commit", "pets", here, long_ago).is_over(NOW)
    assert Intent("1", "commit", "pets", dead, NOW).is_over(NOW)


def test_one_of_another_machine_is_over_after_a_day() -> None:
    elsewhere = Holder("elsewhere", 1, "a start:1")
    begun = Intent("1", "commit", "pets", elsewhere, NOW)
    assert not begun.is_over(NOW + ELSEWHERE_FOR)
    assert begun.is_over(NOW + ELSEWHERE_FOR + timedelta(seconds=1))
