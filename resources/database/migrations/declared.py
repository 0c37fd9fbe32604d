"""The tables as the code declares them today, of every subject."""

import re
from importlib import import_module
from pathlib import Path

from sqlalchemy import MetaData

from resources.database.metadata import METADATA

_ROOM = Path(__file__).parents[2]
_DECLARES = re.compile(r"^    METADATA,$", re.MULTILINE)


def declared_tables() -> MetaData:
    """All tables. The ground names no subject: it looks for modules that declare one, and imports them."""
    for path in sorted(_ROOM.rglob("*.py")):
        if _DECLARES.search(path.read_text()):
            import_module(".".join(path.relative_to(_ROOM.parent).with_suffix("").parts))
    return METADATA
