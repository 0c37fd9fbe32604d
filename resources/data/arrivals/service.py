"""Takes in what comes to a data set by itself, once."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from filelock import FileLock, Timeout

from resources.clock import Clock, utc_now
from resources.data.arrivals import store
from resources.data.arrivals.judging import judge
from resources.data.arrivals.model import Arrival, Taken
from resources.data.making.inventory import FoundFile
from resources.data.making.sources.model import INBOX, Source, files_of
from resources.data.making.sources.spreading import text_id
from resources.data.making.sources.taking import Journal, Known, take_from
from resources.data.making.sources.watched import STILL_FOR_S, WatchedFolder, file_stamp
from resources.data.making.tables import HeldText, is_table, texts_in
from resources.data.spec import DatasetSpec
from resources.data.storage.repository import DatasetRepository
from resources.data.versions import sweeps
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.database.plain import plain_over
from resources.errors import Conflict
from resources.files import write_atomically
from resources.home import Home
from resources.terms import Actor, DatasetName, SampleId, VersionKey

_ASIDE = ".aside"
_NAME_BYTES = 200
MOST_NEW = 2_000
"""So many are taken in at one look, which must not take a tick longer than Dagster allows."""


class ArrivalService:
    """What came to the data sets of one home, and what waits for a version. Every act can be repeated.

    Nothing comes twice: a sample is a row, unique by its content. Nothing is lost: a file is taken off the
    inbox after its row was written, and the row is written after the content was.
    """

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.home = home
        self.database = database
        self.clock = clock

    def places(self, spec: DatasetSpec, *, still_for_s: float = STILL_FOR_S) -> tuple[Source, ...]:
        """Where to look: the inbox first, then what the data set declares."""
        inbox = WatchedFolder(INBOX, str(self.inbox(spec.name)), still_for_s)
        return (inbox, *spec.watched) if self.inbox(spec.name).exists() else spec.watched

    def inbox(self, dataset: DatasetName) -> Path:
        """The folder that people and programs put new samples into."""
        return DatasetRepository(self.home, dataset).inbox

    def upload(self, dataset: DatasetName, name: str, content: bytes) -> Path:
        """Put a file into the inbox, whole or not at all; its name begins with its hash, so none is replaced.

        Raises Unavailable when the disk is full.
        """
        path = self.inbox(dataset) / f"{hashlib.sha256(content).hexdigest()[:16]}-{_short(Path(name).name)}"
        write_atomically(path, content)
        return path

    def take(self, spec: DatasetSpec, place: Source, actor: Actor, *, most_new: int = MOST_NEW) -> Taken:
        """Take in what is new at one place.

        Raises :class:`Conflict` while another process does, or where what came was collected before it was
        written down, Unavailable and NotFound for a place that cannot be reached, and Unavailable for a full
        disk.
        """
        repository = DatasetRepository(self.home, spec.name)
        journal = repository.root / f".arrivals-{place.name}.jsonl"
        with self._taking(repository):
            if place.name == INBOX:
                self._put_back(spec.name)
            with self.database.read_plainly() as rows:
                epoch = sweeps.epoch(rows)
            wanted = files_of(is_text=spec.kind.is_text)
            found = take_from(
                place, repository.imports, repository.objects, journal, wanted=wanted, most_new=most_new
            )
            with self.database.read() as connection:
                known = store.known_samples(connection, spec.name)
            judged = judge(spec, repository.objects, found.files, known, self.clock(), most_new)
            new = judged.new
            self._keep(repository, new)
            if new:
                with self.database.write(lasting=True) as connection:
                    rows = plain_over(connection)
                    if sweeps.epoch(rows) != epoch or sweeps.is_sweeping(rows):
                        _refuse_swept(repository, new)
                    known = store.known_samples(connection, spec.name)
                    new = [one for one in new if one.sample not in known]
                    store.add(connection, new)
                    new = [one for one in new if one.texts is None]
                    detail = f"{len(new)} new, {sum(one.problem is not None for one in new)} of no use"
                    subject = f"{spec.name} {place.name}"
                    record(connection, AuditRow(self.clock(), actor, "data.take_arrivals", subject, detail))
            if place.name == INBOX:
                self._empty(spec.name, Journal(journal).read(), judged.whole)
        more = found.cut_short or len(judged.whole) < len(found.files)
        return Taken(tuple(new), len(found.strays), more)

    def _keep(self, repository: DatasetRepository, new: Sequence[Arrival]) -> None:
        try:
            repository.objects.sync([one.stored.md5 for one in new])
        except FileNotFoundError:
            _refuse_swept(repository, new)
            raise

    def waiting(self, dataset: DatasetName) -> int:
        """How many wait for a version."""
        with self.database.read() as connection:
            return store.waiting_count(connection, dataset)

    def all_samples(self, dataset: DatasetName) -> dict[SampleId, str]:
        """All that ever came, and what lies in the inbox, with where it is now, in words."""
        lying = (sample for path in self._lying(dataset) for sample in _samples_in(path))
        found = dict.fromkeys(lying, "it lies in the inbox already")
        with self.database.read() as connection:
            return found | store.places_of(connection, dataset)

    def of_version(self, dataset: DatasetName, version: VersionKey) -> list[Arrival]:
        """What a version takes up."""
        with self.database.read() as connection:
            return store.of_version(connection, dataset, version)

    def left_out(self, dataset: DatasetName) -> list[Arrival]:
        """What came and is of no use, with the reason."""
        with self.database.read() as connection:
            return store.left_out(connection, dataset)

    def _lying(self, dataset: DatasetName) -> Iterator[Path]:
        inbox = self.inbox(dataset)
        return (path for path in inbox.iterdir() if path.is_file()) if inbox.exists() else iter(())

    def _empty(self, dataset: DatasetName, known: Mapping[str, Known], files: Sequence[FoundFile]) -> None:
        """Remove what was taken in, but nothing that was put in its place since.

        A file is moved aside, looked at again, and only then removed.
        """
        inbox = self.inbox(dataset)
        aside = inbox / _ASIDE
        aside.mkdir(exist_ok=True)
        for file in files:
            name = file.name.removeprefix(f"{INBOX}/")
            held = aside / f"{token_hex(4)}-{_short(Path(name).name)}"
            with suppress(FileNotFoundError):
                (inbox / name).rename(held)
                if file_stamp(held) == known[name].stamp:
                    held.unlink()
        self._put_back(dataset)

    def _put_back(self, dataset: DatasetName) -> None:
        """What was moved aside and not removed, for its content changed or its remover was killed."""
        aside = self.inbox(dataset) / _ASIDE
        for held in sorted(aside.iterdir()) if aside.exists() else []:
            held.rename(self.inbox(dataset) / held.name)

    @contextmanager
    def _taking(self, repository: DatasetRepository) -> Iterator[None]:
        repository.root.mkdir(parents=True, exist_ok=True)
        repository.imports.mkdir(exist_ok=True)
        try:
            with FileLock(repository.root / ".arrivals.lock", timeout=0):
                yield
        except Timeout:
            raise Conflict(
                f"another process is taking in what comes to {repository.dataset}",
                "Let it finish; what it leaves comes with the next look.",
            ) from None


def _samples_in(path: Path) -> Iterator[SampleId]:
    """A file of the inbox, and where it holds many texts each of them."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:  # taken in meanwhile: then its row tells
        return
    yield text_id(content)
    if is_table(path.name):
        yield from (text_id(one.content) for one in texts_in(path.name, content) if isinstance(one, HeldText))


def _short(name: str) -> str:
    """A name that has room for a mark before it: 255 bytes are the most. Its suffix stays."""
    if len(name.encode()) <= _NAME_BYTES:
        return name
    suffix = Path(name).suffix
    return name.encode()[: _NAME_BYTES - len(suffix.encode())].decode(errors="ignore") + suffix


def _refuse_swept(repository: DatasetRepository, new: Sequence[Arrival]) -> None:
    """An object that lay there, needed by nobody, may be collected before the row says that it is needed."""
    gone = [one.name for one in new if not repository.objects.holds(one.stored)]
    if gone:
        raise Conflict(
            f"{len(gone)} of what came to {repository.dataset} was collected before it was taken in, such as "
            f"{gone[0]}",
            "Nothing is lost: it lies where it came to, and the next look takes it in.",
        )
