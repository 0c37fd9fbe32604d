"""What a process keeps open of SQLite files, so that a transaction does not wait for the disk."""

import os
from contextlib import suppress
from pathlib import Path

from resources.database.engine import Database, sqlite_url
from resources.database.sqlite import KEPT_OPEN
from tests.children import fork, leave


def opened(folder: Path) -> list[str]:
    """The files in ``folder`` that this process has open."""
    files = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that lists them
            files.append(descriptor.readlink())
    return sorted({file.name for file in files if file.is_relative_to(folder)})


def used(path: Path) -> Database:
    database = Database(sqlite_url(path))
    with database.write():
        pass
    return database


def test_the_log_stays_between_two_transactions_and_goes_with_the_last_connection(tmp_path: Path) -> None:
    database = used(tmp_path / "x.db")
    assert opened(tmp_path) == ["x.db", "x.db-shm", "x.db-wal"]
    database.close()
    assert opened(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["x.db"]


def test_of_many_files_only_those_used_last_stay_open(tmp_path: Path) -> None:
    for number in range(KEPT_OPEN + 3):
        used(tmp_path / f"{number}.db")
    databases = [name for name in opened(tmp_path) if name.endswith(".db")]
    assert databases == [f"{number}.db" for number in range(3, KEPT_OPEN + 3)]


def test_a_file_that_was_replaced_is_not_kept(tmp_path: Path) -> None:
    used(tmp_path / "x.db")
    for left in tmp_path.glob("x.db*"):
        left.rename(tmp_path / f"old-{left.name}")
    used(tmp_path / "x.db")
    assert opened(tmp_path) == ["x.db", "x.db-shm", "x.db-wal"]


def test_a_forked_child_inherits_no_open_file(tmp_path: Path) -> None:
    database = used(tmp_path / "x.db")
    child = fork()
    if child == 0:
        inherited = opened(tmp_path)
        with database.write():
            pass
        leave(7 if not inherited else 0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    with database.write():
        assert "x.db" in opened(tmp_path)
