"""The values of tiers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from resources.data.places.model import Remote, checked_remote
from resources.errors import BadInput
from resources.terms import Actor, DatasetName, VersionKey

ALL = "*"
"""Stands for all data sets in a rule."""


class Tier(StrEnum):
    """Where the bytes of a version lie."""

    HOT = "hot"
    """In the store itself, ready to be given out."""
    WARM = "warm"
    """In packs on another disk, NFS or S3."""
    COLD = "cold"
    """In packs in an archive."""

    @property
    def warmth(self) -> int:
        """The higher, the faster at hand."""
        return {Tier.HOT: 2, Tier.WARM: 1, Tier.COLD: 0}[self]


COLDER = (Tier.WARM, Tier.COLD)
"""The tiers that have a place of their own."""


@dataclass(frozen=True)
class TierPlace:
    """Where a tier's packs lie. Whoever asks brings the credentials, as for remotes."""

    tier: Tier
    url: str
    endpoint: str | None
    profile: str | None
    set_by: Actor
    set_at: datetime

    @property
    def remote(self) -> Remote:
        """The same as a remote, under the tier's name."""
        return Remote(self.tier.value, self.url, self.endpoint, self.profile, self.set_by, self.set_at)


@dataclass(frozen=True)
class Rule:
    """Versions go to a tier when nobody has used them for a while, and they are of an age."""

    dataset: str
    """A data set's name; :data:`ALL` for those that have no rule of their own for this tier."""
    tier: Tier
    unused_s: int
    age_s: int

    def __post_init__(self) -> None:
        if self.tier is Tier.HOT:
            raise BadInput(
                "no rule moves versions to the hot tier: they come back when they are used",
                "Give warm or cold; a pin keeps a version hot.",
            )


@dataclass(frozen=True)
class TierPin:
    """A version that is to stay in a tier, whatever the rules say."""

    dataset: DatasetName
    key: VersionKey
    tier: Tier
    said_by: Actor
    said_at: datetime


@dataclass(frozen=True)
class Pack:
    """Many objects as one file."""

    id: str
    """The SHA-256 of the file."""
    tier: Tier
    size_bytes: int


@dataclass(frozen=True)
class Packed:
    """One object within a pack."""

    name: str
    pack: str
    offset: int
    stored_bytes: int
    size_bytes: int
    codec: str
    """``raw`` or ``zstd``."""


def checked_place(tier: Tier, url: str, endpoint: str | None) -> str:
    """The address of a tier as it is written down. Raises BadInput, also for one that holds a password."""
    if tier is Tier.HOT:
        raise BadInput("the hot tier is the store itself and has no other place", "Give warm or cold.")
    if endpoint is not None:
        checked_remote(tier.value, endpoint)
    return checked_remote(tier.value, url)
