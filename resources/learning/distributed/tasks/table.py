"""A table of numbers with a column of classes, by a small network of linear layers."""

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from resources.errors import BadInput
from resources.learning.distributed.order import Places
from resources.learning.distributed.scoring import accuracy
from resources.learning.distributed.task import Batch
from resources.learning.distributed.tasks.settings import TableSettings

if TYPE_CHECKING:
    import pandas as pd

HELD_OUT = 5
"""Each fifth row is held out, after the rows were shuffled: tables are often sorted by class."""
BUNDLED = ("wine", "breast_cancer")


Settings = TableSettings


class Table:
    """Rows and their classes; columns are scaled by what is trained on."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        rows, names = _read(settings)
        if len(names) < HELD_OUT:
            raise BadInput(
                f"table {settings.table} has {len(names)} rows; expected at least {HELD_OUT}",
                "Give more rows.",
            )
        self.classes = sorted(set(names.tolist()))
        order = np.random.Generator(np.random.Philox(key=[0, 0])).permutation(len(names))
        labels = torch.from_numpy(np.searchsorted(self.classes, names[order]))
        held_out = torch.arange(len(names)) % HELD_OUT == 0
        values = torch.from_numpy(rows[order])
        kept = values[~held_out]
        self._mean, self._spread = kept.mean(dim=0), kept.std(dim=0).clamp(min=1e-9)
        scaled = self._scaled(values)
        if not all(one.isfinite().all() for one in (self._mean, self._spread, scaled)):
            raise BadInput(
                f"table {settings.table} cannot be learnt from: its numbers go from {rows.min():g} to "
                f"{rows.max():g}, too far to be scaled",
                "Scale its columns.",
            )
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
        with warnings.catch_warnings():
            # A row that is longer than the header would lose its end, or make an index of its begin.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(path, index_col=False)
    except (OSError, ValueError, pd.errors.ParserWarning) as problem:
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
    # A class may be called None or NA.
    classes = pd.read_csv(path, index_col=False, usecols=[label], dtype=str, keep_default_na=False)[label]
    wrong = [str(name) for name in values if not _is_of_numbers(values[name])]
    if wrong:
        _refuse(path, f"columns without a finite number in each row: {', '.join(wrong)}")
    if len(values.columns) == 0:
        _refuse(path, f"it has no column but {label!r}")
    if (classes == "").any():
        _refuse(path, f"column {label!r} has no class in {(classes == '').sum()} rows")
    if classes.nunique() < 2:
        _refuse(path, f"column {label!r} has no two classes")
    return values.to_numpy(dtype=np.float64), classes.to_numpy(dtype=str)


def _is_of_numbers(column: "pd.Series[Any]") -> bool:
    from pandas.api.types import is_numeric_dtype

    return is_numeric_dtype(column) and bool(np.isfinite(column.to_numpy(dtype=np.float64)).all())


def _refuse(path: Path, why: str) -> NoReturn:
    raise BadInput(f"table {path} cannot be learnt from: {why}", "Leave such columns and rows out.")
