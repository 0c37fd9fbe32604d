"""The file that tells a remote's place from the bare mount point of its disk.

The first push leaves it at the root of the place, beside what DVC reads, and a row keeps what it says. Where
it is missing or says something else, the disk is not mounted, or it is another one: nothing is written there,
and nothing counts as lost or as taken away. Buckets of S3 have none: one that is gone says so itself.
"""

from secrets import token_hex

from resources.data.places import store
from resources.data.places.model import RemoteProblem
from resources.data.places.place import MARK, Place
from resources.database.engine import Database


class Marks:
    """What the files of one home's remotes are to say."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def refuse_elsewhere(self, place: Place) -> None:
        """Raise :class:`RemoteProblem` where what lies there now is not what was pushed to."""
        if not place.can_be_elsewhere:
            return
        name = place.remote.name
        with self.database.read_plainly() as rows:
            expected, known = store.mark_of(rows, name), store.trees_at(rows, name)
        found = place.mark_found()
        if found == expected and found is not None:
            return
        if expected is None and (found is not None or _has_some(place, known)):
            return  # a remote of another home too, or one from before there were marks
        how = "is missing there" if found is None else f"says {found!r} there"
        raise RemoteProblem(
            f"remote {name} is not at {place.remote.url} now: its file {MARK} {how}",
            "Mount or start what lies there, then run the same thing again; nothing is lost meanwhile. If it "
            f"was emptied or is another one, say so: trainplat data remote check {name} --accept.",
        )

    def claim(self, place: Place) -> None:
        """Leave the file there where nobody did. Raises as :meth:`refuse_elsewhere` does."""
        self.refuse_elsewhere(place)
        if not place.can_be_elsewhere:
            return
        with self.database.read_plainly() as rows:
            if store.mark_of(rows, place.remote.name) is not None:
                return
        # The file before its row: a row whose file nobody wrote would keep everyone from the place.
        said = _left(place)
        with self.database.write_plainly() as rows:
            if store.mark_of(rows, place.remote.name) is None:
                store.set_mark(rows, place.remote.name, said)
        self.refuse_elsewhere(place)  # two were at it at one time

    def accept(self, place: Place) -> None:
        """Take what lies there now for the remote's place; what is known to be there is looked for again."""
        if not place.can_be_elsewhere:
            return
        said = _left(place)
        with self.database.write_plainly() as rows:
            if store.mark_of(rows, place.remote.name) == said:
                return
            store.set_mark(rows, place.remote.name, said)
            store.drop_trees(rows, place.remote.name)


def _has_some(place: Place, known: set[str]) -> bool:
    return not known or any(place.size_of(tree) is not None for tree in known)


def _left(place: Place) -> str:
    """What the file there says, which is left where none is."""
    return place.mark_found() or place.leave_mark(f"remote {token_hex(16)}")
