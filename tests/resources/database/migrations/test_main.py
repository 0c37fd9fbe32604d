"""Writing a revision: what changed in the code's tables, as a file for people to look over."""

from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, String, Table

from resources.database.engine import Database, sqlite_url
from resources.database.metadata import METADATA
from resources.database.migrations.__main__ import main, write_revision
from resources.database.types import UtcDateTime
from resources.errors import BadInput
from tests.resources.database.migrations.histories import history_with, shape


def test_what_changed_in_the_code_becomes_the_next_revision(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = history_with(tmp_path / "ours")
    kites = Table(
        "kites",
        METADATA,
        Column("name", String(9), primary_key=True),
        Column("at", UtcDateTime),
        Column("n", Integer),
    )
    try:
        written = write_revision("Count kites", ours)
    finally:
        METADATA.remove(kites)
    assert written.name == f"r{int(ours.head) + 1:04}_count_kites.py"
    assert "sa.DateTime()" in written.read_text()
    database = Database(sqlite_url(tmp_path / "x.db"), history_with(tmp_path / "ours"))
    database.migrate()
    assert set(shape(database)["kites"]["columns"]) == {"name", "at", "n"}


def test_nothing_is_written_where_nothing_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours = history_with(tmp_path / "ours")
    with pytest.raises(BadInput, match="no table differs"):
        write_revision("Nothing", ours)
    assert history_with(tmp_path / "ours").revisions == ours.revisions
    assert main(["new", "Nothing"]) == 2
    assert "no table differs" in capsys.readouterr().err
