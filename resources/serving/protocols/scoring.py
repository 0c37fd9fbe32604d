"""MLflow's scoring protocol: what ``mlflow models serve`` takes and gives.

https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/
"""

import csv
import io
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson

from resources.errors import BadInput
from resources.serving.protocols.json_body import object_of
from resources.serving.tensors import Array, Tensors

FORMS = ("inputs", "instances", "dataframe_split", "dataframe_records")
PARAMS = "params"
"""What MLflow lets a request tell its model besides; no model here takes any."""
EXAMPLE = '{"inputs": [[[0, 5, ...]]]}'
SPLIT_EXAMPLE = '{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}}'
RECORDS_EXAMPLE = '{"dataframe_records": [{"a": 1, "b": 2}]}'
_NOT_A_NUMBER = ("", "nan", "null", "na", "n/a", "none")


def read_request(body: bytes) -> dict[str, Array]:
    """The arrays that a body gives, by name; one without a name is called ``inputs``.

    Raises :class:`BadInput` for what is none of the four forms.
    """
    told = object_of(body, EXAMPLE)
    forms = [form for form in FORMS if form in told]
    if len(forms) != 1:
        raise BadInput(
            f"the body has {', '.join(forms) or 'none'} of {', '.join(FORMS)}; expected exactly one",
            f"Send {EXAMPLE}.",
        )
    if told.get(PARAMS):
        raise BadInput(
            f"the body has {PARAMS!r}; expected none, for no model here takes any", "Leave it out."
        )
    form, given = forms[0], told[forms[0]]
    try:
        return _READERS[form](given)
    except (TypeError, ValueError) as problem:
        raise BadInput(
            f"{form!r} cannot be read: {problem}",
            "Give lists of the same length, of numbers or of texts.",
        ) from problem


def read_csv(body: bytes) -> dict[str, Array]:
    """The same of a table as CSV, whose first line names the columns.

    A column is of numbers where all of its values are, or are missing. Raises :class:`BadInput`.
    """
    try:
        rows = list(csv.reader(io.StringIO(body.decode(), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as problem:
        raise BadInput(
            f"the body of {len(body)} bytes is no CSV: {problem}", "Send UTF-8, a line of names first."
        ) from problem
    rows = [row for row in rows if row]
    if len(rows) < 2:
        raise BadInput(
            f"the CSV has {len(rows)} lines; expected a line of names and one or more of values",
            "Send a line for each sample.",
        )
    columns = _columns("the CSV", rows[0], rows[1:])
    return {name: _parsed(values) for name, values in columns.items()}


def write_response(said: Tensors) -> bytes:
    """The body of an answer: of one output its values, of several an object by name."""
    told: dict[str, Any] = {name: values.tolist() for name, values in said.items()}
    return orjson.dumps({"predictions": next(iter(told.values())) if len(told) == 1 else told})


def _inputs(given: Any) -> dict[str, Array]:
    if isinstance(given, dict):
        return {str(name): _array(values) for name, values in given.items()}
    return {"inputs": _array(given)}


def _instances(given: Any) -> dict[str, Array]:
    if isinstance(given, list) and given and isinstance(given[0], dict):
        return _records(given)
    return _inputs(given)


def _split(given: Any) -> dict[str, Array]:
    names, rows = (given.get("columns"), given.get("data")) if isinstance(given, dict) else (None, None)
    if not isinstance(names, list) or not isinstance(rows, list):
        raise BadInput(
            "'dataframe_split' is no object with the lists 'columns' and 'data'", f"Send {SPLIT_EXAMPLE}."
        )
    columns = _columns("'dataframe_split'", names, rows)
    return {name: _array(values) for name, values in columns.items()}


def _columns(where: str, names: list[Any], rows: list[Any]) -> dict[str, list[Any]]:
    twice = [str(name) for name, times in Counter(map(str, names)).items() if times > 1]
    if twice:
        raise BadInput(f"{where} names the column {twice[0]!r} twice; expected once", "Name each once.")
    for at, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(names):
            found = f"{len(row)} values" if isinstance(row, list) else f"a {type(row).__name__}"
            raise BadInput(
                f"row {at} of {where} has {found}; expected {len(names)}, one for each column",
                "Give as many values in each row as there are columns.",
            )
    return {str(name): [row[at] for row in rows] for at, name in enumerate(names)}


def _records(given: Any) -> dict[str, Array]:
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        raise BadInput("the records are no list of objects, of one at least", f"Send {RECORDS_EXAMPLE}.")
    for at, record in enumerate(given):
        if record.keys() != given[0].keys():
            raise BadInput(
                f"record {at} has {', '.join(record) or 'nothing'}; "
                f"expected {', '.join(given[0]) or 'nothing'}, as in record 0",
                "Give each record the same names; null is a value that is missing.",
            )
    return {str(name): _array([record[name] for record in given]) for name in given[0]}


_READERS: dict[str, Callable[[Any], dict[str, Array]]] = {
    "inputs": _inputs,
    "instances": _instances,
    "dataframe_split": _split,
    "dataframe_records": _records,
}


def _array(values: Any) -> Array:
    if isinstance(values, list) and any(one is None for one in values):
        values = _without_gaps(values)
    made = np.array(values)
    if made.dtype.kind in "biuf":
        return made
    if not isinstance(values, list):
        raise TypeError(f"{str(values)[:60]!r} is neither a list nor a number")
    texts = np.empty(len(values), dtype=object)
    texts[:] = values
    return texts


def _without_gaps(values: list[Any]) -> list[Any]:
    """Numbers of which some are missing: what pandas makes of null."""
    if all(one is None or type(one) in (int, float) for one in values):
        return [float("nan") if one is None else one for one in values]
    return values


def _parsed(values: list[str]) -> Array:
    for kind in (int, float):
        try:
            return np.array([kind(one) for one in values])
        except (ValueError, OverflowError):
            continue
    try:
        return np.array([float("nan") if one.lower() in _NOT_A_NUMBER else float(one) for one in values])
    except ValueError:
        return np.array(values, dtype=object)
