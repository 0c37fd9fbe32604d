"""Which revisions there are, and which one a database is at. Read from file names: Alembic loads slowly."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from resources.errors import Conflict

VERSION_TABLE = "trainplat_schema_version"
"""Where a database says its revision. Dagster and MLflow keep theirs in ``alembic_version``, perhaps in the
same database."""

_FILE = re.compile(r"r(\d{4})_\w+\.py")


@dataclass(frozen=True)
class History:
    """One line of revisions: files such as ``r0001_first_tables.py`` in a folder."""

    folder: Path

    @cached_property
    def revisions(self) -> tuple[str, ...]:
        """The numbers of all revisions, oldest first."""
        names = (_FILE.fullmatch(path.name) for path in self.folder.iterdir())
        return tuple(sorted(name[1] for name in names if name))

    @property
    def head(self) -> str:
        """The newest revision."""
        return self.revisions[-1]


OURS = History(Path(__file__).with_name("versions"))


def refuse_newer(found: str | None, history: History) -> None:
    """Raise Conflict for a database at a revision that this trainplat does not know."""
    if found is None or found in history.revisions:
        return
    raise Conflict(
        f"the database was made by a newer trainplat: it is at revision {found}, and the newest one known "
        f"here is {history.head}",
        "Use the newer trainplat again (git pull, then make setup), or restore the backup from before the "
        "upgrade.",
    )
