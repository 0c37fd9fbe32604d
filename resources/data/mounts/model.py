"""The values of mount points and of the providers that they are on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from resources.errors import BadInput, Conflict
from resources.holder import Holder
from resources.terms import Actor

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
VARIABLE = "TRAINPLAT_MOUNT_"
"""With a mount point's name in capitals: the variable that tells a run its path."""
TAG = "trainplat/mounts"
"""The run tag that names the mount points of a run: ``scratch, models``."""
ASKED_VARIABLE = "TRAINPLAT_MOUNTS"
"""What the launcher tells a run's process: the value of the tag."""
GIB_MIB = 1024


class Kind(StrEnum):
    """What a provider is."""

    FOLDER = "folder"
    """A folder on a disk of this machine."""
    NFS = "nfs"
    """A folder of another file system, which is mounted already."""
    TMPFS = "tmpfs"
    """A folder in main memory."""
    S3 = "s3"
    """A prefix of a bucket, brought into a working folder."""


class Mode(StrEnum):
    """What a run may do with a mount point."""

    READ = "read"
    """What is there is given to the run, which changes nothing."""
    KEEP = "keep"
    """What is there is given, and what the run writes stays there."""
    SCRATCH = "scratch"
    """An empty folder, gone after the run."""


class Feature(StrEnum):
    """What a request may need beside its mode and size."""

    SHARED = "shared"
    """Other machines see it too."""
    DURABLE = "durable"
    """It outlives a start of the machine."""
    IN_PLACE = "in-place"
    """Each write is there at once, and not at the end of the run."""


FEATURES = {
    Kind.FOLDER: frozenset({Feature.DURABLE, Feature.IN_PLACE}),
    Kind.NFS: frozenset({Feature.SHARED, Feature.DURABLE, Feature.IN_PLACE}),
    Kind.TMPFS: frozenset({Feature.IN_PLACE}),
    Kind.S3: frozenset({Feature.SHARED, Feature.DURABLE}),
}
MODES = {
    Kind.FOLDER: frozenset(Mode),
    Kind.NFS: frozenset(Mode),
    Kind.TMPFS: frozenset({Mode.SCRATCH}),
    Kind.S3: frozenset({Mode.READ, Mode.KEEP}),
}


@dataclass(frozen=True)
class Provider:
    """A place that mount points can be on."""

    name: str
    kind: Kind
    at: str
    """The absolute path of its folder, or ``s3://bucket/prefix``."""
    price_per_gib_month: Decimal
    size_mib: int | None = None
    """How much of it may be promised to runs at one time; None: as much as its disk has free."""
    endpoint: str | None = None
    """Of what speaks like S3, where it is not AWS."""
    profile: str | None = None
    """Of AWS's files, whose credentials are to be taken."""


@dataclass(frozen=True)
class Mount:
    """A mount point that was declared."""

    name: str
    size_mib: int
    mode: Mode
    provider: str | None
    """None: the cheapest that meets the request, each time."""
    at: str
    """Where in its provider, relative; of no meaning for scratch."""
    needs: frozenset[Feature]
    declared_by: Actor
    declared_at: datetime

    def __post_init__(self) -> None:
        """Raises BadInput for what no run could be given."""
        checked_name(self.name)
        if self.size_mib < 1:
            raise BadInput(
                f"mount point {self.name} is {self.size_mib} MiB; expected at least 1", "Ask for more."
            )
        place = Path(self.at)
        if place.is_absolute() or ".." in place.parts or not self.at.strip():
            raise BadInput(
                f"mount point {self.name} is at {self.at!r}; expected a path below its provider",
                "Give a relative path without '..'.",
            )

    @property
    def variable(self) -> str:
        """What tells a run its path."""
        return variable_of(self.name)


@dataclass(frozen=True)
class Grant:
    """A mount point that a run has now."""

    id: str
    mount: str
    run_id: str
    provider: str
    size_mib: int
    path: Path
    is_ours: bool
    """Whether the folder was made for the run, and goes with it."""
    holder: Holder
    given_at: datetime


class MountRefused(Conflict):
    """A run cannot have a mount point that it asks for."""


def checked_name(name: str) -> str:
    """``name`` as that of a mount point or provider. Raises BadInput."""
    if _NAME.fullmatch(name) is None:
        raise BadInput(
            f"name {name!r} is not of the form [a-z][a-z0-9_]* with at most 60 characters",
            "Choose a name such as scratch.",
        )
    return name


def variable_of(name: str) -> str:
    """The variable that tells a run the path of a mount point."""
    return f"{VARIABLE}{name.upper()}"


def names_of(text: str) -> Sequence[str]:
    """The mount points that a run's tag names: ``scratch, models``. Raises BadInput."""
    return [checked_name(name) for name in dict.fromkeys(part.strip() for part in text.split(",")) if name]
