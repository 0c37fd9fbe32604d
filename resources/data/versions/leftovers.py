"""What the killed left half-done: their drafts are removed, and their rows, before somebody else begins."""

import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from resources.data.storage.giving import draft_of
from resources.data.storage.objects import ObjectStore
from resources.data.versions import journal
from resources.data.versions.path_texts import path_of
from resources.database.engine import Database

COMMIT, GIVE = "commit", "give"


def clear(database: Database, objects: ObjectStore, now: datetime) -> None:
    """Remove the leftovers of commits and gifts whose process is dead; those of the living stay."""
    with database.read_plainly() as rows:
        found = [one for one in journal.intents(rows) if one.kind in (COMMIT, GIVE) and one.is_over(now)]
    # Its number may be a living process's by now, which has drafts of its own.
    dead = [one for one in found if not Path(f"/proc/{one.holder.pid}").exists()]
    if not dead:
        return
    for one in dead:
        objects.drop_drafts(one.holder.pid)
        if one.kind == GIVE:
            shutil.rmtree(draft_of(path_of(one.subject), one.id), ignore_errors=True)
    with suppress(Exception), database.write_plainly() as rows:  # the next one does it
        for one in dead:
            journal.end(rows, one)
