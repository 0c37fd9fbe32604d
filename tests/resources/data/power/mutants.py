"""Mistakes that only a power cut shows."""

from tests.mutants import Mutant

NOTICED = [
    Mutant(
        "objects are not synced before their tree",
        "resources.data.versions.committing:Commit._write_tree",
        "self._objects.sync(list(fresh))",
        "pass",
    ),
    Mutant(
        "a tree is not synced before its row",
        "resources.data.versions.committing:Commit._write_tree",
        "self._objects.sync([tree.md5])",
        "pass",
    ),
    Mutant(
        "the row of a seal is not on the disk when it is told",
        "resources.database.sqlite:_begin",
        'connection.exec_driver_sql("PRAGMA synchronous=FULL")',
        "pass",
    ),
    Mutant(
        "copies that were given out are not on the disk when they have their name",
        "resources.data.storage.giving:give",
        "sync_file_system(draft)",
        "pass",
    ),
]
