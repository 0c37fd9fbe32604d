"""Giving a version out into a folder: verified, told when damaged, and known as a work tree afterwards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from resources.data.collecting import scrubs
from resources.data.storage.giving import Given, Giving, Owner, give
from resources.data.storage.listings import read_listing, write_listing
from resources.data.storage.objects import DamagedObject, ObjectStore
from resources.data.storage.worktree import Progress, Reading
from resources.data.tiers import store as tiers
from resources.data.trees.listing import Stamps, Tree
from resources.data.versions import journal, store, worktrees
from resources.data.versions.errors import DamagedVersion, UnusableVersion
from resources.data.versions.leftovers import GIVE, clear
from resources.data.versions.model import State, Version, WorkTree
from resources.data.versions.path_texts import path_of, text_of
from resources.database.engine import Database
from resources.database.plain import Plain
from resources.errors import Conflict, TrainplatError
from resources.holder import Holder
from resources.printable import printable

Repair = Callable[[list[str]], list[str]]
"""Tries to bring objects back; those that it could not."""


@dataclass(frozen=True)
class Hand:
    """How a version is to be given out."""

    target: Path
    giving: Giving
    owner: Owner | None = None
    branch: str | None = None
    """Where what is committed from the folder is to go."""
    make_root: Callable[[Path], None] = Path.mkdir
    writer_uid: int | None = None
    """Whoever is to write there gets no link to an object of his own."""


def hand_out(
    database: Database,
    objects: ObjectStore,
    version: Version,
    hand: Hand,
    now: datetime,
    progress: Progress,
    repair: Repair = list,
) -> None:
    """Make a folder a work tree of ``version``. Can be run again after a kill.

    Raises :class:`DamagedVersion`, which names every version that the damage touches, Conflict while somebody
    gives out into the same folder, :class:`UnusableVersion` and what :func:`give` raises.
    """
    refuse_unusable(version)
    clear(database, objects, now)
    with database.write_plainly() as rows:
        _refuse_given_now(rows, hand.target, now)
        intent = journal.begin(rows, GIVE, text_of(hand.target), now)
        is_colder = tiers.use(rows, version.dataset, version.key, now)
    is_known = False

    def mend(names: list[str]) -> list[str]:
        return _mend(database, objects, names, progress, repair)

    try:
        tree, stamps = _listing(objects, version, repair)
        if is_colder:
            mend(_lacking(objects, tree))
        at = WorkTree(hand.target, version.dataset, version.key, version.tree_md5, hand.branch)

        def know(given: Given) -> None:
            nonlocal is_known
            # Before the folder has its name: a folder that nobody knows would count as one of the newest
            # version, and committing it would undo what others did since.
            with database.write_plainly() as rows:
                present = store.version(rows, version.dataset, version.key)
                if present is not None:
                    refuse_unusable(present)  # it may have been erased meanwhile
                worktrees.forget(rows, hand.target)
                worktrees.remember(rows, at, Reading(tree, tuple(given.rows), ()), now)
            is_known = True

        given = _give(objects, tree, stamps, hand, progress, know, intent.id)
        if given.damaged and not mend(given.damaged):
            given = _give(objects, tree, stamps, hand, progress, know, intent.id)
        if given.looked_at:
            write_listing(objects, tree, stamps)
        if given.damaged:
            with database.write_plainly() as rows:
                touched = touched_by(rows, objects, given.damaged)
                scrubs.note_damage(rows, given.damaged, [], now)  # whoever has the content brings it back
            raise DamagedVersion(f"{version.dataset} {version.key}", given.damaged, touched)
    except BaseException:
        if is_known:
            with database.write_plainly() as rows:
                worktrees.forget(rows, hand.target)
        raise
    finally:
        journal.close(database, intent)


def _refuse_given_now(rows: Plain, target: Path, now: datetime) -> None:
    """Of two who fill one folder the one that fails would take the other's note of it away."""
    key, host = worktrees.key_of(target), Holder.current().host
    for one in journal.intents(rows):
        is_here = one.kind == GIVE and one.holder.host == host and not one.is_over(now)
        if is_here and worktrees.key_of(path_of(one.subject)) == key:
            raise Conflict(
                f"process {one.holder.pid} is giving a version out into {printable(str(target))} now",
                "Let it finish, or choose another folder.",
            )


def _listing(objects: ObjectStore, version: Version, repair: Repair) -> tuple[Tree, Stamps]:
    try:
        return read_listing(objects, version.tree_md5)
    except DamagedObject:
        if repair([version.tree_md5]):
            raise
        return read_listing(objects, version.tree_md5)


def _lacking(objects: ObjectStore, tree: Tree) -> list[str]:
    from resources.data.tiers.recalling import lacking  # what is hot needs none of it

    return lacking(objects, tree.names)


def _mend(
    database: Database, objects: ObjectStore, names: list[str], progress: Progress, repair: Repair
) -> list[str]:
    """Bring objects back from a colder tier, else as ``repair`` does; those that nobody has."""
    from resources.data.tiers.recalling import recall

    problem: TrainplatError | None = None
    left = names
    try:
        left = recall(database, objects, names, progress)
    except TrainplatError as error:
        problem = error
    left = repair(left) if left else []
    if left and problem is not None:
        raise problem  # they are not lost: the place where they lie does not answer
    return left


def refuse_unusable(version: Version) -> None:
    """Raise :class:`UnusableVersion` for a version that was erased."""
    if version.state is State.ERASED:
        raise UnusableVersion(f"{version.dataset} {version.key}")


def touched_by(rows: Plain, objects: ObjectStore, damaged: list[str]) -> list[str]:
    """The versions, of all data sets, that have one of these objects: ``digits v1.0`` and so on."""
    wanted, holding = set(damaged), {}
    found = []
    for dataset in store.datasets(rows):
        for version in store.versions(rows, dataset):
            if version.state is State.ERASED:
                continue
            if version.tree_md5 not in holding:
                holding[version.tree_md5] = version.tree_md5 in wanted or not wanted.isdisjoint(
                    _names(objects, version.tree_md5)
                )
            if holding[version.tree_md5]:
                found.append(f"{dataset} {version.key}")
    return found


def _names(objects: ObjectStore, tree_md5: str) -> Sequence[str]:
    try:
        return read_listing(objects, tree_md5)[0].names
    except DamagedObject:  # nobody can tell what it has; it is named for itself
        return ()


def _give(
    objects: ObjectStore,
    tree: Tree,
    stamps: Stamps,
    hand: Hand,
    progress: Progress,
    know: Callable[[Given], None],
    mark: str,
) -> Given:
    return give(
        objects,
        tree,
        stamps,
        hand.target,
        hand.giving,
        progress=progress,
        owner=hand.owner,
        writer_uid=hand.writer_uid,
        make_root=hand.make_root,
        whole=know,
        mark=mark,
    )
