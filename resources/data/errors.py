"""What can go wrong with data, for a person to mend."""

from collections.abc import Sequence

from resources.errors import NotFound
from resources.terms import DatasetName, VersionKey


class UnknownVersion(NotFound):
    """No version of this name was ever planned."""

    def __init__(self, dataset: DatasetName, version: str, known: Sequence[VersionKey]) -> None:
        listed = ", ".join(known) if known else "none yet"
        super().__init__(
            f"{dataset} has no version {version!r}; known: {listed}",
            "Use one of the known versions; the first one is made by materializing "
            f"{dataset}/collected for partition v1.0, each later one by labels that people confirm.",
        )
