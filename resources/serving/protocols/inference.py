"""The Open Inference Protocol, version 2, over HTTP with JSON.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from resources.errors import BadInput
from resources.serving.protocols.json_body import object_of
from resources.serving.tensors import BYTES, DATATYPES, Array, Tensors, TensorSpec, datatype_of, fits

EXAMPLE = '{"inputs": [{"name": "samples", "shape": [1, 8, 8], "datatype": "UINT8", "data": [0, 5, ...]}]}'


@dataclass(frozen=True)
class InferRequest:
    """What a client asks."""

    id: str | None
    tensors: dict[str, Array]
    wanted: tuple[str, ...]
    """The outputs that it wants; none for all."""


def read_request(body: bytes) -> InferRequest:
    """What the body of a request asks. Raises :class:`BadInput`, which names what is wrong and where."""
    told = object_of(body, EXAMPLE)
    inputs = told.get("inputs")
    if not isinstance(inputs, list) or not inputs:
        raise BadInput(f"'inputs' is {_short(inputs)}; expected a list of tensors", f"Send {EXAMPLE}.")
    tensors: dict[str, Array] = {}
    for at, one in enumerate(inputs):
        name, values = _tensor(one, f"inputs[{at}]")
        if name in tensors:
            raise BadInput(f"the input {name!r} is given twice; expected once", "Give each input once.")
        tensors[name] = values
    wanted = told.get("outputs") or []
    if not isinstance(wanted, list) or not all(_is_output(one) for one in wanted):
        raise BadInput(
            f"'outputs' is {_short(wanted)}; expected a list of objects with a name",
            "Leave it out to get all outputs.",
        )
    return InferRequest(_id(told.get("id")), tensors, tuple(one["name"] for one in wanted))


def write_response(name: str, version: str, request: InferRequest, said: Tensors) -> bytes:
    """The body of an answer. Raises :class:`BadInput` for an output that the model does not have."""
    for wanted in request.wanted:
        if wanted not in said:
            raise BadInput(
                f"output {wanted!r} is asked for; {name} has {', '.join(said)}",
                "Ask for one of these, or leave 'outputs' out.",
            )
    told: dict[str, Any] = {"model_name": name, "model_version": version}
    if request.id is not None:
        told["id"] = request.id
    told["outputs"] = [
        _written(output, values) for output, values in said.items() if output in (request.wanted or said)
    ]
    return orjson.dumps(told, option=orjson.OPT_SERIALIZE_NUMPY)


def metadata(
    name: str,
    versions: Sequence[str],
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
    classes: Sequence[str] = (),
) -> bytes:
    """What a model says of itself; ``classes`` is what the columns of its probabilities stand for."""
    told: dict[str, Any] = {
        "name": name,
        "versions": list(versions),
        "platform": "trainplat",
        "inputs": [_spec(one) for one in inputs],
        "outputs": [_spec(one) for one in outputs],
    }
    if classes:
        told["parameters"] = {"classes": list(classes)}
    return orjson.dumps(told)


def _spec(one: TensorSpec) -> dict[str, Any]:
    told = {"name": one.name, "datatype": one.datatype, "shape": one.shape}
    return told | ({"parameters": {"optional": True}} if one.is_optional else {})


def _id(given: Any) -> str | None:
    if given is None or isinstance(given, str):
        return given
    if type(given) is int:  # clients count their requests
        return str(given)
    raise BadInput(f"'id' is {_short(given)}; expected a text", "Give a text, or leave it out.")


def _is_output(told: Any) -> bool:
    return isinstance(told, dict) and isinstance(told.get("name"), str)


def _tensor(told: Any, where: str) -> tuple[str, Array]:
    if not isinstance(told, dict):
        raise BadInput(f"{where} is {_short(told)}; expected an object", f"Send {EXAMPLE}.")
    name, datatype, shape = told.get("name"), told.get("datatype"), told.get("shape")
    if not isinstance(name, str) or not name:
        raise BadInput(f"the name of {where} is {_short(name)}; expected a text", f"Send {EXAMPLE}.")
    if not isinstance(datatype, str) or datatype not in DATATYPES:
        raise BadInput(
            f"the datatype of input {name!r} is {_short(datatype)}; expected one of {', '.join(DATATYPES)}",
            "Give it as the model's metadata says.",
        )
    if not isinstance(shape, list) or not all(type(one) is int and one >= 0 for one in shape):
        raise BadInput(
            f"the shape of input {name!r} is {_short(shape)}; expected a list of whole numbers",
            "Give the number of samples first, then their size.",
        )
    return name, _values(told.get("data"), datatype, shape, name)


def _values(data: Any, datatype: str, shape: list[int], name: str) -> Array:
    if not isinstance(data, list):
        raise BadInput(f"the data of input {name!r} is {_short(data)}; expected a list", f"Send {EXAMPLE}.")
    try:
        is_text = datatype == BYTES
        values = np.array(data, dtype=object) if is_text else _numbers(data, datatype, name)
        return values.reshape(shape)
    except (ValueError, TypeError, OverflowError) as problem:
        if isinstance(problem, BadInput):
            raise
        raise BadInput(
            f"the data of input {name!r} make no array of shape {shape} and type {datatype}: {problem}",
            "Give as many values as the shape says, nested lists or one flat list.",
        ) from problem


def _numbers(data: list[Any], datatype: str, name: str) -> Array:
    wanted = DATATYPES[datatype]
    if datatype == "UINT8":
        with suppress(ValueError, TypeError):  # of one flat list the quickest way by far
            return np.frombuffer(bytes(data), wanted)
    values = np.array(data)
    if wanted == np.uint64 and values.dtype.kind == "f":  # numpy has no common type for all of these
        exact = np.array(data, dtype=object)
        if all(type(one) is int for one in exact.flat):
            return exact.astype(wanted)
    if values.dtype.kind not in "biuf":
        raise ValueError("not every value is a number")
    is_fraction = wanted.kind in "iu" and values.dtype.kind == "f"
    if values.size and (is_fraction or not fits(values, wanted)):
        raise BadInput(
            f"the data of input {name!r} go from {values.min():g} to {values.max():g} ({values.dtype}); "
            f"expected {datatype}",
            "Give numbers that fit this type, or name the type that they are of.",
        )
    return values.astype(wanted)


def _written(name: str, values: Array) -> dict[str, Any]:
    datatype = datatype_of(values)
    contiguous = np.ascontiguousarray(values).ravel()
    flat = contiguous.tolist() if datatype in (BYTES, "FP16") else contiguous
    return {"name": name, "datatype": datatype, "shape": values.shape, "data": flat}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
