"""A data set that two people change at once: pictures, labels, a branch, and one field that both changed."""

import io
from pathlib import Path

from PIL import Image

from resources.data.spaces.model import Kind, Space
from resources.data.spaces.service import SpaceService
from resources.data.storage.worktree import quiet
from resources.data.versions.committing import Wanted
from resources.data.versions.model import Committed
from resources.data.versions.service import VersionService
from resources.home import Home
from resources.terms import Actor, DatasetName

SET = DatasetName("letters")
BASE = '{"id": 1, "letter": "a"}\n{"id": 2, "letter": "b"}\n{"id": 3, "letter": "c"}\n'


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


def fill_many(home: Home, folder: Path) -> str:
    """Two people who changed the same in every kind of file; the branch that the second one got."""
    folder.mkdir(parents=True)
    text = "".join(f"line {number}\n" for number in range(30))
    records = BASE.replace('"a"', '"a", "sure": 1')
    files: dict[str, str | bytes] = {
        "0.png": png("#2f6fde"),
        "1.png": png("#0d8f80"),
        "labels.jsonl": records,
        "labels/0.txt": "a",
        "labels/1.txt": text,
        "weights.bin": b"\0\1",
        "only-ann.txt": "1",
    }
    for name, content in files.items():
        write(folder / name, content)
    commit(home, folder, "begin", "ann")
    ann, ben = (space(home, user) for user in ("ann", "ben"))
    for of, tone, letter, lines in ((ann, "#d08a17", "x", "line 3"), (ben, "#d6567a", "y", "line 4")):
        write(of.path / "0.png", png(tone))
        changed = records.replace('"a", "sure": 1', f'"{letter}", "sure": {ord(letter)}')
        write(of.path / "labels.jsonl", changed)
        write(of.path / "labels/0.txt", letter)
        write(of.path / "labels/1.txt", text.replace(f"{lines}\n", f"{letter}\n"))
        write(of.path / "weights.bin", b"\0" + letter.encode())
    (ann.path / "1.png").unlink()
    write(ann.path / "labels.jsonl", (ann.path / "labels.jsonl").read_text().replace('"c"', '"q"'))
    write(ben.path / "1.png", png("#123456"))
    without_c = (ben.path / "labels.jsonl").read_text().splitlines(keepends=True)[:2]
    write(ben.path / "labels.jsonl", "".join(without_c))
    write(ann.path / "only-ann.txt", "2")
    commit(home, ann.path, "of ann", "ann")
    second = commit(home, ben.path, "of ben", "ben")
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
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def png(tone: str, size_px: tuple[int, int] = (48, 48)) -> bytes:
    """A picture of one colour."""
    told = io.BytesIO()
    Image.new("RGB", size_px, tone).save(told, "PNG")
    return told.getvalue()
