"""What can go wrong with versions, for a person to mend."""

from collections.abc import Sequence

from resources.errors import NotFound
from resources.terms import DatasetName

SHOWN = 8


class UnknownRef(NotFound):
    """Nothing in the data set has this name."""

    def __init__(self, dataset: DatasetName, ref: str, known: Sequence[str]) -> None:
        listed = ", ".join(known[-SHOWN:]) if known else "none yet"
        super().__init__(
            f"{dataset} has no version, tag or branch {ref!r}; known: {listed}",
            f"`trainplat data log {dataset}` lists them."
            if known
            else f"Commit a folder first: trainplat data commit {dataset} FOLDER.",
        )


class UnknownDataset(NotFound):
    """No data set of this name has a version."""

    def __init__(self, dataset: DatasetName, known: Sequence[DatasetName]) -> None:
        listed = ", ".join(known) if known else "none yet"
        super().__init__(
            f"there is no data set {dataset!r} with a version; known: {listed}",
            f"Commit a folder first: trainplat data commit {dataset} FOLDER.",
        )
