"""A data set that two people change at once: pictures, labels, a branch, and one field that both changed."""

import io
from pathlib import Path

from PIL import Image

from resources.data.spaces.model import Kind, Space
from resources.data.spaces.service import SpaceService
from resources.data.versions.committing import Wanted
from resources.data.versions.model import Committed
from resources.data.versions.service import VersionService, quiet
from resources.home import Home
from resources.terms import Actor, DatasetName

SET = DatasetName("letters")
BASE = '{"id": 1, "label": "a"}\n{"id": 2, "label": "b"}\n{"id": 3, "label": "c"}\n'


def fill(home: Home, folder: Path) -> str:
    """Two people commit from a space each; the branch that the second one got."""
    folder.mkdir(parents=True)
    for number, tone in enumerate(("#2f6fde", "#0d8f80", "#a55ad6")):
        (folder / f"{number}.png").write_bytes(png(tone))
    (folder / "labels.jsonl").write_text(BASE)
    commit(home, folder, "the first pictures", "ann")
    ann, ben = (space(home, user) for user in ("ann", "ben"))
    write(ann.path / "labels.jsonl", BASE.replace('"b"', '"h"'))
    write(ann.path / "0.png", png("#d08a17"))
    write(ben.path / "labels.jsonl", BASE.replace('"b"', '"k"').replace('"c"', '"e"'))
    write(ben.path / "3.png", png("#d6567a"))
    commit(home, ann.path, "the second is an h", "ann")
    second = commit(home, ben.path, "the second is a k", "ben")
    assert second.version.branch is not None
    return second.version.branch


def commit(home: Home, folder: Path, message: str, user: str) -> Committed:
    """Make a folder the next version."""
    service = VersionService(home, home.database())
    return service.commit(Wanted(SET, folder, message, Actor(f"user:{user}"), user))


def space(home: Home, user: str) -> Space:
    """A space of the newest version, whose files are its user's own."""
    spaces = SpaceService(home, home.database())
    return spaces.create(user, "work", SET, "latest", Actor(f"user:{user}"), progress=quiet, kind=Kind.COPY)


def write(path: Path, content: str | bytes) -> None:
    """Write a file anew, as an editor does."""
    path.unlink(missing_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def png(tone: str) -> bytes:
    """A picture of one colour."""
    told = io.BytesIO()
    Image.new("RGB", (48, 48), tone).save(told, "PNG")
    return told.getvalue()
