"""The values of notebooks."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from resources.gpu.model import NO_TERMS, Owner, RunId, Terms
from resources.process import ProcessIdentity

_ID_ENDS = "-notebook"


def new_id() -> RunId:
    """The id of a notebook's lease; eight characters are what is shown of an id."""
    return RunId(f"{secrets.token_hex(4)}{_ID_ENDS}")


def is_notebook(run_id: RunId) -> bool:
    """Whether a lease is that of a notebook, and of no run."""
    return run_id.endswith(_ID_ENDS)


@dataclass(frozen=True)
class Wanted:
    """A notebook that somebody asks for."""

    request: str
    owner: Owner
    for_s: int
    """How long it is kept at most, in seconds."""
    idle_s: int
    """After how long without work it is given back, in seconds."""
    terms: Terms = NO_TERMS


@dataclass(frozen=True)
class Notebook:
    """A notebook that runs."""

    id: RunId
    """Of its lease."""
    owner: Owner
    request: str
    devices: tuple[str, ...]
    folder: str
    address: str
    """Where it opens, its token included: who has it may run anything as its user."""
    opened_at: datetime
    until: datetime
    """When it is given back at the latest."""
    idle_s: int
    server: ProcessIdentity


@dataclass(frozen=True)
class Work:
    """What goes on in a notebook."""

    busy: bool
    last: datetime
    """When something last happened in it."""
