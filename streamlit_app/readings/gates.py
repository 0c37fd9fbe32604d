"""What the gates of a data set said about its models, and who went past them."""

from collections.abc import Mapping
from dataclasses import dataclass

from resources.database.engine import Database
from resources.home import Home
from resources.registry.gates.model import Judging, Override
from resources.registry.gates.service import GateService
from resources.terms import DatasetName


@dataclass(frozen=True)
class GatesSeen:
    """All that is kept of them."""

    judgings: Mapping[int, Judging]
    """By the number of the model."""
    overrides: tuple[Override, ...]
    """The newest first."""


def read_gates(home: Home, database: Database, dataset: DatasetName) -> GatesSeen:
    """Read it, from our tables alone."""
    service = GateService(home, database)
    return GatesSeen(service.judgings(dataset), tuple(service.overrides(dataset)[::-1]))
