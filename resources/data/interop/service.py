"""Versions to repositories of DVC and from them. Both can be run again after a kill."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from resources.clock import Clock, utc_now
from resources.data.interop.exporting import Damaged, Exported, export
from resources.data.interop.history import Revision, chosen, outputs_now, repository_at, revisions
from resources.data.interop.objects import Source
from resources.data.storage.giving import Giving
from resources.data.storage.listings import read_listing, write_listing
from resources.data.storage.objects import ObjectStore
from resources.data.storage.worktree import Progress
from resources.data.tiers import pack_rows
from resources.data.tiers import store as tiers
from resources.data.tiers.recalling import lacking, recall
from resources.data.trees.listing import Tree
from resources.data.versions import journal, store
from resources.data.versions.audit import audit
from resources.data.versions.errors import DamagedVersion
from resources.data.versions.handing import refuse_unusable, touched_by
from resources.data.versions.model import NOTHING_SAID, State, Version
from resources.data.versions.naming import next_key, refuse_results
from resources.data.versions.path_texts import text_of
from resources.data.versions.refs import resolve
from resources.data.versions.schema_reading import breaks, declared_schema, next_schema
from resources.database.engine import Database
from resources.database.plain import Plain
from resources.errors import BadInput, Conflict
from resources.home import Home
from resources.terms import Actor, DatasetName


@dataclass(frozen=True)
class Imported:
    """What an import found and made."""

    versions: tuple[Version, ...]
    """Those that are new, oldest first."""
    known: int
    """Revisions that were imported before."""
    output: str


class InteropService:
    """Exports to DVC and imports from it, for one home."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.database, self.clock = database, clock
        self.objects = ObjectStore(home.data / ".cache")

    def export(
        self, dataset: DatasetName, ref: str, folder: Path, actor: Actor, progress: Progress, *, link: bool
    ) -> Exported:
        """Make ``folder`` a repository of DVC with this version. ``link``: it shares our objects' files.

        Raises :class:`DamagedVersion`, Conflict for a folder that holds something else.
        """
        now = self.clock()
        with self.database.write_plainly() as rows:
            version = resolve(rows, dataset, ref)
            refuse_unusable(version)
            intent = journal.begin(rows, "export", text_of(folder), now)
            is_colder = tiers.use(rows, version.dataset, version.key, now) or pack_rows.has_any(rows)
        giving = Giving.LINK if link else Giving.CLONE if self.objects.clones else Giving.COPY
        try:
            tree, stamps = read_listing(self.objects, version.tree_md5)
            if is_colder:
                recall(self.database, self.objects, lacking(self.objects, tree.names), progress)
            done = export(self.objects, version, tree, stamps, folder, giving, progress)
            with self.database.write_plainly() as rows:
                audit(rows, now, actor, "data.export", f"{dataset} {version.key}", f"to {folder}")
        except Damaged as damage:
            with self.database.read_plainly() as rows:
                touched = touched_by(rows, self.objects, damage.names)
            raise DamagedVersion(f"{dataset} {version.key}", damage.names, touched) from None
        finally:
            journal.close(self.database, intent)
        return done

    def take(
        self,
        dataset: DatasetName,
        folder: Path,
        actor: Actor,
        progress: Progress,
        *,
        output: str | None = None,
        since: str | None = None,
    ) -> Imported:
        """Make each revision of an output of a repository of DVC a version, with its author and date.

        Run again, it takes what is new there. All versions appear at once, or none. Raises BadInput,
        NotFound, :class:`MissingObjects`, and Conflict where the data set has versions from elsewhere.
        """
        refuse_results(dataset)
        repository = repository_at(folder)
        path = chosen(outputs_now(repository), output, folder)
        wanted = _since(revisions(repository, path), since)
        now = self.clock()
        with self.database.write_plainly() as rows:
            intent = journal.begin(rows, "import", text_of(folder), now)
        try:
            source = Source(repository, self.objects, progress)
            found: list[_Found] = []
            for revision in wanted:
                tree, stamps = source.take(
                    revision.output, f"{path} at {(revision.commit or 'present')[:12]}"
                )
                write_listing(self.objects, tree, stamps)
                before = [(found[-1].schema, found[-1].tree)] if found else []
                found.append(_Found(revision, tree, next_schema(self.objects, tree, before)))
            with self.database.write_plainly() as rows:
                made = self._add(rows, dataset, found, actor)
                if made:
                    detail = f"{len(made)} versions of {path} from {folder}"
                    audit(rows, now, actor, "data.import", f"{dataset} {made[-1].key}", detail)
                journal.end(rows, intent)
        except BaseException:
            journal.close(self.database, intent)
            raise
        return Imported(tuple(made), len(wanted) - len(made), path)

    def _add(self, rows: Plain, dataset: DatasetName, found: "list[_Found]", actor: Actor) -> list[Version]:
        head = store.last_on_main(rows, dataset)
        start = _next(found, head, dataset)
        made: list[Version] = []
        for revision, tree, read in found[start:]:
            before = NOTHING_SAID if head is None else head.schema
            schema = declared_schema(None, before) or read
            head = Version(
                dataset,
                next_key(None if head is None else head.key, breaks=breaks(before, schema)),
                store.next_number(rows, dataset),
                None,
                State.SEALED,
                tree.md5,
                tree.sha256,
                len(tree),
                tree.size_bytes,
                schema,
                _author(revision, actor),
                revision.message,
                revision.at or self.clock(),
                () if head is None else (head.key,),
            )
            store.add_version(rows, head)
            made.append(head)
        return made


class _Found(NamedTuple):
    """A revision, with its files in our store."""

    revision: Revision
    tree: Tree
    schema: str
    """As it was read from the files."""


def _next(found: list[_Found], head: Version | None, dataset: DatasetName) -> int:
    """The first revision that is new: the one after the newest version, which has to be one of them."""
    if head is None:
        return 0
    for place in range(len(found) - 1, -1, -1):
        revision, tree, _ = found[place]
        if tree.md5 == head.tree_md5 and revision.at in (None, head.committed_at):
            return place + 1
    if found[0].revision.commit is None:
        return 0  # without a history the present state follows whatever there is
    raise Conflict(
        f"{dataset} has {head.key}, which is no revision of this repository; nothing was imported",
        "Import into a data set with a new name.",
    )


def _since(found: list[Revision], since: str | None) -> list[Revision]:
    if since is None:
        return found
    for place, revision in enumerate(found):
        if revision.commit is not None and len(since) >= 4 and revision.commit.startswith(since):
            return found[place:]
    known = ", ".join(revision.commit[:12] for revision in found[-8:] if revision.commit) or "none"
    raise BadInput(
        f"{since!r} is no revision at which the output changed; these are: {known}", "Give one of these."
    )


def _author(revision: Revision, actor: Actor) -> Actor:
    return actor if revision.author is None else Actor(f"git:{revision.author}"[:200])
