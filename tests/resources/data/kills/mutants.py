"""Mistakes that only a kill shows: each has to be noticed by the kills of its kind."""

from tests.mutants import Mutant
from tests.resources.data.kills.bucket_pushes import PUSH_TO_S3
from tests.resources.data.kills.commits import COMMIT, COMMIT_BY_LINK
from tests.resources.data.kills.gifts import RESTORE
from tests.resources.data.kills.kind import Kind
from tests.resources.data.kills.merges import MERGE
from tests.resources.data.kills.pushes import PUSH

OBJECTS = "resources.data.storage.objects:ObjectStore"
COMMITTING = "resources.data.versions.committing:Commit"
GIVING = "resources.data.storage.giving"
TREE_FIRST = (
    "            moved = self._send(version, new, place, others, progress, looks=again)",
    (
        "            self._send(version, [version.tree_md5], place, others, progress, looks=again)\n"
        "            moved = self._send(version, new, place, others, progress, looks=again)"
    ),
)
PUSHING = "resources.data.places.service:PlaceService.push"

NOTICED: list[tuple[Kind, Mutant]] = [
    (
        COMMIT,
        Mutant(
            "the row before the tree",
            f"{COMMITTING}._try",
            "    self._write_tree(reading.tree, fresh, start)\n"
            "    return self._seal(start, reading, self._schema(start, reading.tree))",
            "    done = self._seal(start, reading, self._schema(start, reading.tree))\n"
            "    self._write_tree(reading.tree, fresh, start)\n    return done",
        ),
    ),
    (
        COMMIT,
        Mutant(
            "an object has its name before it is read-only",
            f"{OBJECTS}._write",
            "draft.chmod(_READ_ONLY)\n        draft.replace(target)",
            "draft.replace(target)\n        target.chmod(_READ_ONLY)",
        ),
    ),
    (
        MERGE,
        Mutant(
            "an object is written under its name",
            f"{OBJECTS}._write",
            "draft.write_bytes(content)\n        draft.chmod(_READ_ONLY)\n        draft.replace(target)",
            "target.write_bytes(content)\n        target.chmod(_READ_ONLY)",
        ),
    ),
    (
        COMMIT_BY_LINK,
        Mutant(
            "a file that is handed over is writable under its hash",
            "resources.data.storage.ingesting:Ingest._link",
            "os.fchmod(source, 0o444)\n        os.link(name, place, src_dir_fd=directory)",
            "os.link(name, place, src_dir_fd=directory)\n        os.fchmod(source, 0o444)",
        ),
    ),
    (
        COMMIT,
        Mutant(
            "what the dead were writing is left",
            "resources.data.versions.leftovers:clear",
            "objects.drop_drafts(one.holder)",
            "pass",
        ),
    ),
    (
        RESTORE,
        Mutant(
            "a work tree has its name before it is whole",
            f"{GIVING}:draft_of",
            'return target.with_name(f".{shortened}{PARTIAL}{mark}")',
            "return target",
        ),
    ),
    (
        RESTORE,
        Mutant(
            "nobody knows a work tree when it gets its name",
            f"{GIVING}:give",
            "        if whole is not None:\n            whole(giver.given)\n        if target.exists():\n"
            "            target.rmdir()\n        draft.rename(target)",
            "        if target.exists():\n            target.rmdir()\n        draft.rename(target)\n"
            "        if whole is not None:\n            whole(giver.given)",
        ),
    ),
    (
        PUSH,
        Mutant(
            "the tree goes first",
            PUSHING,
            *TREE_FIRST,
        ),
    ),
    (PUSH_TO_S3, Mutant("the tree goes to the bucket first", PUSHING, *TREE_FIRST)),
    (
        PUSH,
        Mutant(
            "an object is written under its name at the remote",
            "resources.data.places.place:Place._put",
            'draft = f"{path}.{token_hex(6)}.tmp"',
            "draft = path",
        ),
    ),
]
