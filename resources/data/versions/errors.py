"""What can go wrong with versions, for a person to mend."""

from collections.abc import Sequence

from resources.errors import Conflict, NotFound, TrainplatError
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


class DamagedVersion(TrainplatError):
    """Objects of a version are missing, or are not what their names say."""

    def __init__(self, what: str, damaged: Sequence[str], touched: Sequence[str]) -> None:
        shown = ", ".join(damaged[:SHOWN]) + (
            f" and {len(damaged) - SHOWN} more" if len(damaged) > SHOWN else ""
        )
        super().__init__(
            f"{len(damaged)} objects of {what} are damaged or missing: {shown}. "
            f"They belong to {', '.join(touched)}",
            "Nothing was given out. `trainplat data verify --repair` brings them back from a remote, and "
            "committing a folder that still has the files does too.",
        )
        self.damaged, self.touched = tuple(damaged), tuple(touched)


class UnusableVersion(Conflict):
    """A version's bytes are gone for good."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} was erased: its record is kept, its files are gone for good",
            "Take another version; `trainplat data log` lists them.",
        )
