"""A table of numbers with a column of classes, by a small network of linear layers."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as checked
from torch import Tensor, nn
from torch.nn import functional

from resources.errors import BadInput
from resources.learning.distributed.order import Places
from resources.learning.distributed.scoring import accuracy, check_least
from resources.learning.distributed.task import Batch

HELD_OUT = 5
"""Each fifth row is held out, after the rows were shuffled: tables are often sorted by class."""
BUNDLED = ("wine", "breast_cancer")


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Settings:
    """Which table, and what the network is like."""

    table: str = "wine"
    """``wine`` or ``breast_cancer``, which come with scikit-learn, or the path of a CSV file."""
    label: str = "class"
    """The column of classes of a CSV file; all others hold numbers."""
    layers: int = 2
    width: int = 32

    def __post_init__(self) -> None:
        """Refuse a network that cannot be built."""
        check_least("layers", self.layers, 1)
        check_least("width", self.width, 1)


class Table:
    """Rows and their classes; columns are scaled by what is trained on."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        rows, names = _read(settings)
        self.classes = sorted(set(names.tolist()))
        order = np.random.Generator(np.random.Philox(key=[0, 0])).permutation(len(names))
        labels = torch.from_numpy(np.searchsorted(self.classes, names[order]))
        held_out = torch.arange(len(names)) % HELD_OUT == 0
        values = torch.from_numpy(rows[order])
        kept = values[~held_out]
        self._mean, self._spread = kept.mean(dim=0), kept.std(dim=0).clamp(min=1e-9)
        scaled = self._scaled(values)
        self._train = {"rows": scaled[~held_out], "labels": labels[~held_out]}
        self._test = {"rows": scaled[held_out], "labels": labels[held_out]}

    @property
    def count(self) -> int:
        """Rows to train on."""
        return len(self._train["labels"])

    def model(self) -> nn.Module:
        """Linear layers of the size that the settings ask for."""
        width, columns = self.settings.width, self._train["rows"].shape[1]
        layers: list[nn.Module] = []
        for number in range(self.settings.layers):
            layers += [nn.Linear(width if number else columns, width), nn.ReLU()]
        return nn.Sequential(*layers, nn.Linear(width, len(self.classes)))

    def batch(self, places: Places) -> Batch:
        """``rows`` [n, c] and ``labels`` [n]."""
        chosen = torch.from_numpy(places)
        return {name: values[chosen] for name, values in self._train.items()}

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Cross entropy."""
        return functional.cross_entropy(model(batch["rows"]), batch["labels"])

    def blocks(self, model: nn.Module) -> Iterator[nn.Module]:
        """Its linear layers."""
        yield from (one for one in model.modules() if isinstance(one, nn.Linear))

    def scores(self, model: nn.Module) -> dict[str, float]:
        """``accuracy`` on the rows that are held out."""
        return {"accuracy": accuracy(model, self._test["rows"], self._test["labels"])}

    def read(self, values: Sequence[float]) -> Tensor:
        """One row [c] from its columns, in the order of the table. Raises :class:`BadInput`."""
        if len(values) != len(self._mean):
            raise BadInput(
                f"a row of {len(values)} numbers cannot be read; expected {len(self._mean)}",
                "Give each column of the table but its class, in its order.",
            )
        return self._scaled(torch.tensor(values, dtype=torch.float64))

    def _scaled(self, values: Tensor) -> Tensor:
        return ((values - self._mean) / self._spread).float()


def build(settings: Settings) -> Table:
    """The task."""
    return Table(settings)


def _read(settings: Settings) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    if settings.table in BUNDLED:
        from sklearn import datasets

        loaded = getattr(datasets, f"load_{settings.table}")()
        return loaded.data, np.asarray(loaded.target_names)[loaded.target].astype(str)
    return _read_csv(Path(settings.table), settings.label)


def _read_csv(path: Path, label: str) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    import pandas as pd

    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as problem:
        raise BadInput(
            f"table {path} cannot be read: {problem}",
            f"Name a CSV file with a header, or one of {', '.join(BUNDLED)}, which come with scikit-learn.",
        ) from problem
    if label not in table.columns:
        raise BadInput(
            f"table {path} has no column {label!r}; it has {', '.join(map(str, table.columns))}",
            "Name the column of classes in label.",
        )
    values = table.drop(columns=label)
    wrong = [
        str(name)
        for name in values
        if not pd.api.types.is_numeric_dtype(values[name]) or values[name].isna().any()
    ]
    if wrong or table[label].isna().any() or table[label].nunique() < 2 or len(values.columns) == 0:
        why = (
            f"columns without a number in each row: {', '.join(wrong)}"
            if wrong
            else f"column {label!r} has no two classes"
        )
        raise BadInput(f"table {path} cannot be learnt from: {why}", "Leave such columns and rows out.")
    return values.to_numpy(dtype=np.float64), table[label].astype(str).to_numpy(dtype=str)
