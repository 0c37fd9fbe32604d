"""Which revisions there are, and which one a database is at."""

from pathlib import Path

import pytest

from resources.database.engine import Database
from resources.database.migrations.history import OURS, History, refuse_newer
from resources.database.migrations.running import recorded
from resources.errors import Conflict
from tests.resources.database.migrations.histories import raw


def test_a_history_is_read_from_its_file_names(tmp_path: Path) -> None:
    for name in ("r0002_b.py", "r0001_a.py", "__init__.py", "notes.md", "r3_c.py"):
        (tmp_path / name).touch()
    assert History(tmp_path).revisions == ("0001", "0002")


def test_a_database_says_its_revision_once_it_was_used(any_empty_database: Database) -> None:
    with raw(any_empty_database) as connection:
        assert recorded(connection) is None
    any_empty_database.migrate()
    with raw(any_empty_database) as connection:
        assert recorded(connection) == OURS.head


def test_only_a_revision_that_is_not_known_is_refused() -> None:
    for known in (None, *OURS.revisions):
        refuse_newer(known, OURS)
    with pytest.raises(Conflict, match="at revision 9999"):
        refuse_newer("9999", OURS)
