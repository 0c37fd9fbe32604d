"""Making packs: a draft here, a row, the file there and read back, then the rows of what is in it."""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from resources.clock import Clock
from resources.data.collecting.needed import Needed
from resources.data.storage.objects import ObjectStore
from resources.data.storage.worktree import Progress, quiet
from resources.data.tiers import pack_rows
from resources.data.tiers.model import Pack, Packed, Tier
from resources.data.tiers.packs import NotItsName, PackWriter
from resources.data.tiers.recalling import records
from resources.data.tiers.shelf import Shelf
from resources.data.versions import sweeps
from resources.data.versions.journal import Intent
from resources.database.engine import Database
from resources.database.plain import Plain
from resources.files import disk_problem

PACK_BYTES = 60 * 1024 * 1024
"""A pack is closed when it has so many bytes: one request of S3 brings it there, compared by S3 itself."""


class _LeaveIt(Exception):
    """A pack is not to be replaced."""


class Packer:
    """Makes packs, for who holds ``intent``. Make it before you look what to pack."""

    def __init__(
        self,
        database: Database,
        objects: ObjectStore,
        data: Path,
        clock: Clock,
        intent: Intent,
        shelves: dict[Tier, Shelf],
    ) -> None:
        self._database, self._objects, self._clock, self._intent = database, objects, clock, intent
        self._shelves, self._data = shelves, data
        with database.read_plainly() as rows:
            self._epoch = sweeps.epoch(rows)
        self.made: list[Pack] = []
        self.damaged: list[str] = []
        """Objects that are not what their names say."""

    def pack_hot(self, tier: Tier, names: Iterable[str], progress: Progress) -> None:
        """Pack objects that lie in the store."""
        with self._packs(tier, progress) as writer:
            for name in names:
                try:
                    with self._objects.path(name).open("rb") as file:
                        size = file.seek(0, 2)
                        file.seek(0)
                        writer().add(name, file, size)
                except (FileNotFoundError, NotItsName):
                    self.damaged.append(name)

    def pack_packed(self, tier: Tier, found: Iterable[tuple[Pack, Packed]], progress: Progress) -> None:
        """Pack what lies in other packs, as it is stored there."""
        by_pack: dict[Pack, list[Packed]] = defaultdict(list)
        for pack, entry in found:
            by_pack[pack].append(entry)
        with self._packs(tier, progress) as writer:
            for pack, entries in by_pack.items():
                self._take(writer, pack, entries)

    def replace(self, pack: Pack, entries: Sequence[Packed], lost: Collection[str] = ()) -> bool:
        """Write a pack anew with only these of its objects, which go with it where they are ``lost``.

        False where another of them is damaged: then the pack stays, since that may be read wrongly.
        """
        try:
            with self._packs(pack.tier, quiet, [pack]) as writer:
                found = set(self._take(writer, pack, entries))
                if not found.issubset(lost):
                    raise _LeaveIt
        except _LeaveIt:
            return False
        if len(found) == len(entries):  # nothing was left to write
            with self._database.write_plainly() as rows:
                pack_rows.let_go(rows, pack)
        return True

    def _take(self, writer: Callable[[], PackWriter], pack: Pack, entries: Sequence[Packed]) -> list[str]:
        """Put objects of a pack in; those that are damaged there, which is written down."""
        lost: list[str] = []
        try:
            for entry, file, start in records(self._shelves[pack.tier], self._objects, pack, entries):
                try:
                    writer().take(entry, file, start)
                except NotItsName:
                    lost.append(entry.name)
        except FileNotFoundError:
            lost = [one.name for one in entries]
        if lost:
            with self._database.write_plainly() as rows:
                pack_rows.doubt(rows, pack, lost, self._clock())
        self.damaged += lost
        return lost

    @contextmanager
    def _packs(
        self, tier: Tier, progress: Progress, replaced: Sequence[Pack] = ()
    ) -> Iterator[Callable[[], PackWriter]]:
        """Give a writer that has room, each time it is asked for; ship each that is full, and the last."""
        draft = Path(f"{self._objects.draft(threading.get_ident())}-packing")
        opened: list[PackWriter] = []

        def ship(*, last: bool) -> None:
            writer = opened.pop()
            name, size, entries = writer.finish()
            if entries:
                self._ship(Pack(name, tier, size), draft, entries, replaced if last else ())
                for one in entries:
                    progress(1, one.size_bytes)

        def writer() -> PackWriter:
            # What is rewritten stays in one pack: the old one goes in the transaction that makes the new.
            if opened and opened[0].size_bytes >= PACK_BYTES and not replaced:
                ship(last=False)
            if not opened:
                opened.append(PackWriter(draft))
            return opened[0]

        try:
            yield writer
            if opened:
                ship(last=True)
        except OSError as problem:
            raise disk_problem(problem, draft) from problem
        finally:
            for left in opened:
                left.close()
            draft.unlink(missing_ok=True)

    def _ship(self, pack: Pack, draft: Path, entries: list[Packed], replaced: Sequence[Pack]) -> None:
        now = self._clock()
        with self._database.write_plainly() as rows:
            is_known = pack in pack_rows.packs(rows)
            is_damaged = is_known and (pack.id, pack.tier) in pack_rows.damaged(rows)
            if not is_known:
                pack_rows.announce(rows, pack, self._intent.id, now)
        if not is_known or is_damaged or pack in replaced:
            self._shelves[pack.tier].keep(pack, draft)
        with self._database.write_plainly() as rows:
            if is_known:
                self._stands_for(rows, pack, replaced, is_sent=is_damaged or pack in replaced)
                return
            if self._holds_erased(rows, entries):
                pack_rows.let_go(rows, pack)
                return
            if pack_rows.complete(rows, pack, entries):
                for old in replaced:
                    pack_rows.let_go(rows, old)
                self.made.append(pack)

    def _stands_for(self, rows: Plain, pack: Pack, replaced: Sequence[Pack], *, is_sent: bool) -> None:
        """A pack that was there already holds what these held."""
        if is_sent:
            pack_rows.trust(rows, pack)
        if pack in pack_rows.packs(rows):
            for old in replaced:
                if old != pack:
                    pack_rows.let_go(rows, old)

    def _holds_erased(self, rows: Plain, entries: list[Packed]) -> bool:
        """Whether somebody erased meanwhile what is in the pack: then its bytes must go."""
        if sweeps.epoch(rows) == self._epoch and not sweeps.is_sweeping(rows):
            return False
        needed = Needed(self._objects, self._data).names(rows)
        return any(one.name not in needed for one in entries)
