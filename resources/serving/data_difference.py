"""What the data of one model holds otherwise than that of another: samples, files, schema."""

from collections.abc import Mapping
from dataclasses import dataclass

from resources.data.schemas.comparing import SchemaChange
from resources.data.service import DataService
from resources.data.versions.service import VersionService
from resources.database.engine import Database
from resources.errors import TrainplatError
from resources.home import Home
from resources.serving.difference import Pair
from resources.terms import DatasetName

COUNTS = ("labelled", "pool", "test")
"""What is counted of two versions: samples that teach, that nobody answered, and that a model is held to."""


@dataclass(frozen=True)
class DataDifference:
    """Two data versions beside each other."""

    old: str
    new: str
    counts: Mapping[str, Pair]
    """By the names in ``COUNTS``; those that neither version has are left out."""
    files: Mapping[str, int] | None
    """How many were added, changed and removed; None where the files of one are gone."""
    schema: tuple[SchemaChange, ...] | None
    """None where nobody knows."""


def data_difference(
    home: Home, database: Database, dataset: DatasetName, old: str, new: str
) -> DataDifference | None:
    """What differs; None for the same version, and for data of which this home knows nothing."""
    if old == new:
        return None
    try:
        data, versions = DataService(home, database), VersionService(home, database)
        before, after = data.version(dataset, old), data.version(dataset, new)
    except TrainplatError:
        return None
    pairs = {name: Pair(getattr(before, name), getattr(after, name)) for name in COUNTS}
    counts = {name: pair for name, pair in pairs.items() if (pair.old, pair.new) != (None, None)}
    try:
        changes = versions.diff(dataset, old, new)
        schema = versions.schema_changes(dataset, old, new)
    except TrainplatError:  # retired or erased: the models of it stay
        return DataDifference(old, new, counts, None, None)
    files = {kind: sum(one.kind.value == kind for one in changes) for kind in ("added", "changed", "removed")}
    return DataDifference(old, new, counts, files, schema)
