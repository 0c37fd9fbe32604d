"""The files below a folder of people: hidden folders are left out, and what cannot be looked into is told."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from resources.data.model import Quarantined
from resources.errors import Unavailable
from resources.printable import printable

_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})


def files_below(folder: Path, unseen: list[Quarantined]) -> Iterator[Path]:
    """The files, folder by folder, each in the order of names; ``unseen`` gets the folders that are closed.

    Raises :class:`Unavailable` where ``folder`` itself is: it is no empty one, as one that nobody made is.
    """

    def note(problem: OSError) -> None:
        if problem.errno in _GONE:
            return  # nobody has made it yet, or it just went away
        name = os.path.relpath(problem.filename, folder)
        reason = problem.strerror or type(problem).__name__
        if name == ".":
            raise Unavailable(
                f"folder {printable(str(folder))} cannot be read: {reason}",
                "Make it readable, or mend its path in the declaration of the data set.",
            ) from problem
        told = f"what lies in the folder cannot be seen: {reason}"
        shown = name.encode(errors="replace").decode()
        unseen.append(Quarantined(shown, told, "Make the folder readable, or move it out."))

    for parent, folders, names in os.walk(folder, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            yield Path(parent, name)
