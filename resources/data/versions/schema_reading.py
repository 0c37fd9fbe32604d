"""The schema of a version that is being made: declared, or read from its files in the store."""

from collections.abc import Iterable
from contextlib import suppress

from resources.data.schemas.inferring import Known, infer, known_from
from resources.data.schemas.texts import changes, is_declared, schema_of, text_of
from resources.data.storage.objects import ObjectStore
from resources.data.trees.listing import Tree
from resources.data.versions.model import NOTHING_SAID
from resources.errors import TrainplatError


def next_schema(objects: ObjectStore, tree: Tree, parents: Iterable[tuple[str, Tree | None]]) -> str:
    """The schema of ``tree`` as it is read from its files.

    Only what no parent has, each a schema and its tree, is read. No content fails it: what cannot be read is
    told in the schema.
    """

    def read(name: str, most_bytes: int | None) -> bytes | None:
        with suppress(OSError, TrainplatError):
            if most_bytes is None:
                return objects.read(name)
            with objects.path(name).open("rb") as file:
                return file.read(most_bytes)
        return None

    return text_of(infer(tree, read, _known(parents)))


def declared_schema(wanted: str | None, before: str) -> str | None:
    """The schema that is declared: ``wanted``, else what was ``before``; None where it is to be read."""
    declared = before if wanted is None else wanted
    return declared if is_declared(declared) else None


def merged_declaration(base: str | None, ours: str, theirs: str) -> str | None:
    """The schema that a merge declares; None where it is to be read from the merged files.

    The side that changed what is declared counts, as by taking it back. Where both did, each in another way,
    neither does: to take one would be to say of the merged files what half of their authors did not.
    """
    before, our_own, their_own = (_declared(one) for one in (base, ours, theirs))
    if our_own == their_own or their_own == before:
        return our_own
    return their_own if our_own == before else None


def breaks(before: str, after: str) -> bool:
    """Whether a version with the schema ``after`` is the next major one."""
    return any(change.breaks for change in changes(before, after))


def _declared(schema: str | None) -> str | None:
    return schema if schema is not None and is_declared(schema) else None


def _known(parents: Iterable[tuple[str, Tree | None]]) -> Known:
    found = [
        known_from(schema, tree)
        for text, tree in parents
        if tree is not None and text != NOTHING_SAID and (schema := schema_of(text)) is not None
    ]
    if not found:
        return Known()
    files = {key: file for known in reversed(found) for key, file in known.files.items()}
    return Known(files, found[0].paths, found[0].layout)
