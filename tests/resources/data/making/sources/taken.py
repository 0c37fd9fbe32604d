"""Sources as tests take them in."""

from dataclasses import dataclass, field
from pathlib import Path

from resources.data.making.inventory import Inventory
from resources.data.making.sources.model import Entry, Source
from resources.data.making.sources.taking import take_from
from resources.data.storage.objects import ObjectStore


@dataclass
class Taker:
    """Takes sources into a store of the test's own."""

    folder: Path
    read: list[str] = field(default_factory=list)
    """The names of entries whose content was read, by :meth:`counted`."""

    @property
    def objects(self) -> ObjectStore:
        """The store."""
        return ObjectStore(self.folder / "cache")

    def take(self, source: Source) -> Inventory:
        """All that it offers; relative paths start at the folder."""
        return take_from(source, self.folder, self.objects, self.folder / f".source-{source.name}.jsonl")

    def counted(self, reader: type) -> type:
        """A reader of this kind that tells what it reads."""
        told = self.read

        class Counted(reader):  # type: ignore[misc]
            def read(self, entry: Entry) -> bytes:
                told.append(entry.name)
                content: bytes = super().read(entry)
                return content

        return Counted


def told(inventory: Inventory) -> dict[str, str]:
    """What was left out, and why."""
    return {stray.file: stray.problem for stray in inventory.strays}
