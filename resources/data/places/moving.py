"""Objects to a remote and from it, several at once."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from resources.data.places.model import DamagedThere
from resources.data.places.place import Place
from resources.data.storage.objects import ObjectStore
from resources.data.storage.worktree import Progress

AT_ONCE = 16
_READ_ONLY = 0o444
_One = TypeVar("_One")
_Name = TypeVar("_Name")


def send(
    place: Place,
    objects: ObjectStore,
    names: Iterable[str],
    progress: Progress,
    *,
    looks: bool = False,
) -> tuple[int, int, list[str]]:
    """Bring objects there that are not there yet; how many went, their bytes, and which are damaged here.

    Run again after a kill, it sends what is left. ``looks``: what is damaged there goes again, too.
    """

    def one(name: str) -> int | None:
        try:
            size = os.stat(objects.place(name)).st_size  # noqa: PTH116 - a Path for each takes as long
            if place.size_of(name) == size and (not looks or place.is_sound(name)):
                return 0
            return place.send(name, objects.path(name))
        except (FileNotFoundError, ValueError):
            return None

    sent, sent_bytes, damaged = 0, 0, []
    for name, size in each(one, names):
        progress(1, size or 0)
        if size is None:
            damaged.append(name)
        elif size:
            sent, sent_bytes = sent + 1, sent_bytes + size
    return sent, sent_bytes, damaged


def fetch(place: Place, objects: ObjectStore, names: Iterable[str], progress: Progress) -> list[str]:
    """Bring objects into the store, verified before they have their names; those that are not there whole."""
    left: list[str] = []
    got: list[str] = []
    for name, size in each(lambda name: _fetch(place, objects, name), names):
        progress(1, size or 0)
        (left if size is None else got).append(name)
    objects.sync(got)
    return left


def each(
    act: Callable[[_Name], _One], names: Iterable[_Name], at_once: int = AT_ONCE
) -> Iterator[tuple[_Name, _One]]:
    """``act`` for each, several at once; the first error ends it, and what runs is waited for."""
    waiting: dict[Future[_One], _Name] = {}
    with ThreadPoolExecutor(at_once) as workers:
        try:
            for name in names:
                waiting[workers.submit(act, name)] = name
                if len(waiting) >= 4 * at_once:
                    for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                        yield waiting.pop(done), done.result()
            while waiting:
                for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(done), done.result()
        finally:
            for left in waiting:
                left.cancel()


def _fetch(place: Place, objects: ObjectStore, name: str) -> int | None:
    draft = Path(f"{objects.draft(threading.get_ident())}-fetch")
    try:
        if not place.fetch(name, draft):
            return None
        draft.chmod(_READ_ONLY)
        size = draft.stat().st_size
        objects.make_fan(name[:2])
        draft.replace(objects.path(name))
    except DamagedThere:
        return None
    finally:
        draft.unlink(missing_ok=True)
    return size
