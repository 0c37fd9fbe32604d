"""Which objects are needed: those of versions, of versions being made, and of what came by itself."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from resources.data.storage.listings import read_listing
from resources.data.storage.objects import DamagedObject, ObjectStore
from resources.data.versions.model import State
from resources.database.plain import Plain

_NAME = re.compile(rb"\b[0-9a-f]{32}\b")


class Needed:
    """The names of all objects that are needed; asked again it only reads what is new."""

    def __init__(
        self, objects: ObjectStore, data: Path, trees: Callable[[Plain], set[str]] | None = None
    ) -> None:
        """``trees`` tells the trees to ask about; None: those of all versions."""
        self._objects, self._data, self._trees_of = objects, data, trees or trees_of
        self._trees: set[str] = set()
        self._names: set[str] = set()

    def names(self, rows: Plain) -> set[str]:
        """The names as of now, trees among them. Raises :class:`DamagedObject` for a tree that is lost.

        While a tree cannot be read nobody knows what it needs, and nothing may go.
        """
        self._read_trees(rows)
        return self._names | self._trees | _that_came(rows) | set(_named_in_work(self._data))

    def kept(self, rows: Plain) -> set[str]:
        """What has to be there: the objects of versions, as far as their trees can be read, and what came."""
        names = trees_of(rows) | _that_came(rows)
        for tree in trees_of(rows):
            with suppress(DamagedObject):
                names.update(read_listing(self._objects, tree)[0].names)
        return names

    def trees(self, rows: Plain) -> set[str]:
        """The trees of all versions that are not erased."""
        return trees_of(rows)

    def _read_trees(self, rows: Plain) -> None:
        for tree in self._trees_of(rows) - self._trees:
            try:
                self._names.update(read_listing(self._objects, tree)[0].names)
            except DamagedObject as damage:
                raise DamagedObject(
                    f"{damage.problem}; while a version's list of files is missing, nothing is collected"
                ) from damage
            self._trees.add(tree)


def trees_of(rows: Plain) -> set[str]:
    """The trees of all versions that are not erased."""
    found = rows.rows("SELECT tree_md5 FROM data_versions WHERE state <> :erased", erased=State.ERASED.value)
    found += rows.rows(  # one that its pipeline has sealed and that was not made everyone's yet has one row
        "SELECT p.tree_md5 FROM dataset_versions p LEFT JOIN data_versions v "
        "ON v.dataset = p.dataset AND v.key = p.version "
        "WHERE p.tree_md5 IS NOT NULL AND v.state IS NULL"
    )
    return {row[0] for row in found}


def _that_came(rows: Plain) -> set[str]:
    """Samples that came by themselves and are in no sealed version yet."""
    found = rows.rows(
        "SELECT a.md5 FROM data_arrivals a LEFT JOIN dataset_versions v "
        "ON v.dataset = a.dataset AND v.version = a.version "
        "WHERE a.problem IS NULL AND a.texts IS NULL AND v.tree_md5 IS NULL"
    )
    return {row[0] for row in found}


def _named_in_work(data: Path) -> Iterator[str]:
    """Whatever looks like an object's name in the notes of versions that are being made."""
    for note in (*data.glob("*/staging/*/*.json"), *data.glob("*/.*.json")):
        try:
            content = note.read_bytes()
        except FileNotFoundError:
            continue  # the version was sealed meanwhile
        yield from (name.decode() for name in _NAME.findall(content))
