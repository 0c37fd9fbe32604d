"""What locks refuse."""

from collections.abc import Sequence

from resources.data.locks.model import VersionLock
from resources.errors import Conflict


class Locked(Conflict):
    """Somebody else holds the version or the line, and what was asked cannot go to a branch."""

    def __init__(self, what: str, by: Sequence[VersionLock]) -> None:
        super().__init__(
            f"{what}: it is locked by {'; by '.join(one.told for one in by)}",
            f"Wait for that, or ask its holder; `trainplat data locks {by[0].dataset}` lists the locks.",
        )
        self.by = tuple(by)
