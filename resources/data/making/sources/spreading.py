"""Files that hold many texts, spread out: each text as if it had come in a file of its own."""

import hashlib

from resources.data.making.inventory import FoundFile, Inventory
from resources.data.making.tables import HeldText, NoText, is_table, name_in, texts_in
from resources.data.model import Quarantined
from resources.data.storage.objects import ObjectStore
from resources.terms import Label, SampleId

LABEL = "label"
"""What says the label of a text, in sources that may say labels."""


def spread(found: Inventory, objects: ObjectStore) -> Inventory:
    """The same with the texts in place of the files that hold them. A bad line is among the strays."""
    files: list[FoundFile] = []
    strays = list(found.strays)
    for file in found.files:
        if not is_table(file.name):
            files.append(file)
            continue
        for one in texts_in(file.name, objects.read(file.stored.md5)):
            if isinstance(one, NoText):
                strays.append(Quarantined(file.name, str(one), "Mend the line, or remove it."))
            else:
                files.append(_as_file(file, one, objects))
    return Inventory(tuple(files), tuple(strays), found.cut_short)


def text_id(content: bytes) -> SampleId:
    """Who a text is."""
    return SampleId(hashlib.sha256(content).hexdigest())


def _as_file(table: FoundFile, one: HeldText, objects: ObjectStore) -> FoundFile:
    said = dict(one.metadata)
    label = said.pop(LABEL, None)
    return FoundFile(
        name_in(table.name, one.line),
        text_id(one.content),
        objects.put(one.content),
        table.labels if label is None else (Label(label),),
        table.split,
        tuple(sorted((*table.metadata, *said.items()))),
    )
