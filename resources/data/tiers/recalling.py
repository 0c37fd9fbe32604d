"""Bringing objects back from packs into the store, whoever needs them and notices that they are not there."""

import io
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from resources.data.places.moving import each
from resources.data.storage.objects import ObjectStore
from resources.data.storage.worktree import Progress, quiet
from resources.data.tiers import pack_rows, store
from resources.data.tiers.model import Pack, Packed
from resources.data.tiers.packs import NotItsName, unpacked
from resources.data.tiers.shelf import Shelf
from resources.database.engine import Database
from resources.errors import TrainplatError
from resources.files import disk_problem

PACKS_AT_ONCE = 4
WHOLE_FROM = 0.5
"""Where that much of a pack is wanted, all of it is brought in one go."""
NEAR_BYTES = 256 * 1024
"""What lies so near together comes in one request."""
LARGEST_PART_BYTES = 32 * 1024 * 1024
_READ_ONLY = 0o444


def recalling_store(cache: Path, database: Callable[[], Database]) -> ObjectStore:
    """The objects of a home; one that is read and lies in a pack comes back by itself."""
    return ObjectStore(cache, lambda names: recall(database(), ObjectStore(cache), names))


def lacking(objects: ObjectStore, names: Iterable[str]) -> list[str]:
    """The objects that do not lie in the store, each once."""
    return [name for name in dict.fromkeys(names) if not os.path.exists(objects.place(name))]  # noqa: PTH110 - a Path for each takes as long


def recall(
    database: Database,
    objects: ObjectStore,
    names: Collection[str],
    progress: Progress = quiet,
    *,
    sound: bool = False,
) -> list[str]:
    """Bring objects back; those that no pack has whole. ``sound``: not where they are known to be damaged.

    Each is compared with its name before it has it. Raises what a place raises that cannot be reached, where
    no other has what is left.
    """
    left = dict.fromkeys(names)
    with database.read_plainly() as rows:
        if not left or not pack_rows.has_any(rows):
            return list(left)
        found = pack_rows.entries_of(rows, left, sound=sound)
        places = store.places(rows)
    wanted: dict[Pack, list[Packed]] = defaultdict(list)
    for pack, entry in found:
        wanted[pack].append(entry)
    progress(0, 0, len({entry.name for _, entry in found}))
    problem: TrainplatError | None = None
    shelves = {tier: Shelf(place) for tier, place in places.items()}
    got: list[str] = []
    for tier in sorted(shelves, key=lambda one: -one.warmth):
        packs = [pack for pack in wanted if pack.tier is tier]

        def bring(pack: Pack) -> list[str]:
            some = [one for one in wanted[pack] if one.name in left]
            return list(_bring(shelves[pack.tier], objects, pack, some, progress))

        try:
            for _, names_of_pack in each(bring, packs, PACKS_AT_ONCE):
                got += names_of_pack
                for name in names_of_pack:
                    left.pop(name, None)
        except TrainplatError as error:
            problem = error
    objects.sync(got)
    if left and problem is not None:
        raise problem
    return list(left)


def records(
    shelf: Shelf, objects: ObjectStore, pack: Pack, wanted: Sequence[Packed]
) -> Iterator[tuple[Packed, BinaryIO, int]]:
    """Objects of a pack as they are stored: an open file for each, and where in it the object begins.

    Where much of the pack is wanted all of it is brought, else the parts that hold them. Raises
    FileNotFoundError for a pack that is gone.
    """
    # Of an empty object and the one after it, which begin at the same place, the empty one is first.
    ordered = sorted(wanted, key=lambda one: (one.offset, one.stored_bytes))
    if sum(one.stored_bytes for one in ordered) >= WHOLE_FROM * pack.size_bytes or any(
        one.stored_bytes > LARGEST_PART_BYTES for one in ordered
    ):
        draft = Path(f"{objects.draft(threading.get_ident())}-pack")
        try:
            shelf.bring(pack, draft)
            with draft.open("rb") as file:
                for one in ordered:
                    yield one, file, one.offset
        finally:
            draft.unlink(missing_ok=True)
        return
    for near in _near(ordered):
        begin, last = near[0].offset, near[-1]
        part = io.BytesIO(shelf.part(pack, begin, last.offset + last.stored_bytes))
        for one in near:
            yield one, part, one.offset - begin


def _bring(
    shelf: Shelf, objects: ObjectStore, pack: Pack, wanted: Sequence[Packed], progress: Progress
) -> Iterator[str]:
    draft = Path(f"{objects.draft(threading.get_ident())}-recall")
    try:
        for one, file, start in records(shelf, objects, pack, wanted):
            try:
                with draft.open("wb") as written:
                    for part in unpacked(one, file, start):
                        written.write(part)
            except NotItsName:
                continue
            draft.chmod(_READ_ONLY)
            objects.make_fan(one.name[:2])
            draft.replace(objects.path(one.name))
            progress(1, one.size_bytes)
            yield one.name
    except FileNotFoundError:  # the pack was taken away: what it had lies elsewhere now, or is lost
        return
    except OSError as problem:
        raise disk_problem(problem, draft) from problem
    finally:
        draft.unlink(missing_ok=True)


def _near(ordered: Sequence[Packed]) -> Iterator[list[Packed]]:
    """Runs of objects that one request brings."""
    run: list[Packed] = []
    for one in ordered:
        is_near = (
            run
            and one.offset - (run[-1].offset + run[-1].stored_bytes) <= NEAR_BYTES
            and one.offset + one.stored_bytes - run[0].offset <= LARGEST_PART_BYTES
        )
        if run and not is_near:
            yield run
            run = []
        run.append(one)
    if run:
        yield run
