"""What the killed left half-done: their drafts are removed, and their rows, before somebody else begins.

Sweeps and erasures that were killed are not for this: only a collection ends them.
"""

import shutil
from contextlib import suppress
from datetime import datetime

from resources.data.storage.giving import draft_of
from resources.data.storage.objects import ObjectStore
from resources.data.versions import journal
from resources.data.versions.path_texts import path_of
from resources.database.engine import Database

COMMIT, GIVE, MERGE, PUSH, PULL = "commit", "give", "merge", "push", "pull"
_CLEARED = frozenset({COMMIT, GIVE, MERGE, PUSH, PULL})


def clear(database: Database, objects: ObjectStore, now: datetime) -> None:
    """Remove the leftovers of those whose process is dead; those of the living stay."""
    with database.read_plainly() as rows:
        dead = [one for one in journal.intents(rows) if one.kind in _CLEARED and one.is_over(now)]
    if not dead:
        return
    for one in dead:
        objects.drop_drafts(one.holder)
        if one.kind == GIVE:
            shutil.rmtree(draft_of(path_of(one.subject), one.id), ignore_errors=True)
    with suppress(Exception), database.write_plainly() as rows:  # the next one does it
        for one in dead:
            journal.end(rows, one)
