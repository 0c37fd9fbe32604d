"""The values of remotes."""

import re
from dataclasses import dataclass
from datetime import datetime

from resources.data.versions.model import Version
from resources.errors import BadInput, TrainplatError, Unavailable
from resources.terms import Actor, DatasetName

EVERY = "*"
"""Stands for all data sets in a rule of replication."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")


@dataclass(frozen=True)
class Remote:
    """A place that keeps versions. Whoever asks brings the credentials; they are never written down."""

    name: str
    url: str
    """``s3://bucket/prefix``, ``file:///path``, or another that fsspec knows."""
    endpoint: str | None
    """Of what speaks like S3; None for AWS, or for the one in ``AWS_ENDPOINT_URL``."""
    profile: str | None
    """Of AWS's files, whose credentials are to be taken."""
    added_by: Actor
    added_at: datetime


@dataclass(frozen=True)
class Pushed:
    """What a push did."""

    versions: tuple[Version, ...]
    """Those that were not there before."""
    looked_for: int
    """Objects that no known version of the remote has."""
    sent: int
    sent_bytes: int


@dataclass(frozen=True)
class Prefetched:
    """What was brought before a run needs it."""

    version: Version
    objects: int
    left: int
    """Objects that nobody has, or that could not be had now."""


@dataclass(frozen=True)
class Replica:
    """A rule: all versions of a data set are to be at a remote, too."""

    dataset: str
    """:data:`EVERY` for all data sets."""
    remote: str
    said_by: Actor
    said_at: datetime


@dataclass(frozen=True)
class Lag:
    """How far a remote is behind a rule."""

    remote: str
    dataset: DatasetName
    behind: int
    """Versions that are not there yet."""
    since: datetime | None
    """When the oldest of them was committed."""


@dataclass(frozen=True)
class Standing:
    """How far a remote is behind."""

    remote: Remote
    there: tuple[Version, ...]
    missing: tuple[Version, ...]
    """Not there, oldest first."""

    @property
    def lags_since(self) -> datetime | None:
        """When the oldest version was committed that is not there."""
        return self.missing[0].committed_at if self.missing else None


class RemoteProblem(Unavailable):
    """A remote cannot be used now; what it has already stays there."""


class DamagedThere(TrainplatError):
    """What a remote gives is not what its name says."""


def checked_remote(name: str, url: str) -> str:
    """The address of a remote as it is written down. Raises BadInput for one that holds a password."""
    from urllib.parse import urlsplit

    if _NAME.fullmatch(name) is None:
        raise BadInput(
            f"remote name {name!r} is not of the form [a-z0-9][a-z0-9_-]* with at most 100 characters",
            "Choose a name such as backup.",
        )
    if url.startswith("/"):
        url = f"file://{url}"
    parts = urlsplit(url)
    is_nowhere = not (parts.path if parts.scheme == "file" else parts.netloc).strip("/")
    if not parts.scheme or "://" not in url or is_nowhere or (parts.scheme == "file" and parts.netloc):
        raise BadInput(
            f"the address of remote {name} is {url!r}; expected s3://bucket/prefix or an absolute path",
            "Give the kind of the place and where it is.",
        )
    if parts.username is not None or parts.password is not None or parts.query:
        raise BadInput(
            f"the address of remote {name} holds a user, a password or a query, which all could see",
            "Leave it out. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile: --profile.",
        )
    return url.rstrip("/")
