"""MLflow's scoring protocol: what ``mlflow models serve`` takes and gives.

https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/
"""

from typing import Any

import numpy as np
import orjson

from resources.errors import BadInput
from resources.serving.protocols.json_body import object_of
from resources.serving.tensors import Array, Tensors

FORMS = ("inputs", "instances", "dataframe_split", "dataframe_records")
EXAMPLE = '{"inputs": [[[0, 5, ...]]]}'


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
    given = told[forms[0]]
    try:
        if forms[0] == "dataframe_split":
            return _columns(given["columns"], given["data"])
        if forms[0] == "dataframe_records":
            return _records(given)
        if isinstance(given, dict):
            return {str(name): _array(values) for name, values in given.items()}
        if forms[0] == "instances" and given and isinstance(given[0], dict):
            return _records(given)
        return {"inputs": _array(given)}
    except (KeyError, TypeError, ValueError, IndexError) as problem:
        raise BadInput(
            f"{forms[0]!r} cannot be read: {type(problem).__name__} {problem}",
            "Give lists of the same length; for dataframe_split an object with 'columns' and 'data'.",
        ) from problem


def write_response(said: Tensors) -> bytes:
    """The body of an answer: of one output its values, of several an object by name."""
    told: dict[str, Any] = {name: values.tolist() for name, values in said.items()}
    return orjson.dumps({"predictions": next(iter(told.values())) if len(told) == 1 else told})


def _columns(names: list[Any], rows: list[list[Any]]) -> dict[str, Array]:
    return {str(name): _array([row[at] for row in rows]) for at, name in enumerate(names)}


def _records(records: list[dict[str, Any]]) -> dict[str, Array]:
    return {str(name): _array([record[name] for record in records]) for name in records[0]}


def _array(values: Any) -> Array:
    made = np.array(values)
    if made.dtype.kind in "biuf":
        return made
    texts = np.empty(len(values), dtype=object)
    texts[:] = values
    return texts
