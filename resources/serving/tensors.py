"""What a model is asked and what it answers: named arrays whose first axis counts samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resources.errors import BadInput

Array = NDArray[Any]
Tensors = Mapping[str, Array]
"""By name; all of one request have the same length."""

BYTES = "BYTES"
"""Texts, which numpy holds as objects."""
DATATYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype("bool"),
    **{f"UINT{8 * size}": np.dtype(f"u{size}") for size in (1, 2, 4, 8)},
    **{f"INT{8 * size}": np.dtype(f"i{size}") for size in (1, 2, 4, 8)},
    **{f"FP{8 * size}": np.dtype(f"f{size}") for size in (2, 4, 8)},
    BYTES: np.dtype("O"),
}
"""As the Open Inference Protocol, version 2, calls them."""
_NAMES = {kind: name for name, kind in DATATYPES.items()}


@dataclass(frozen=True)
class TensorSpec:
    """One array that a model takes or gives."""

    name: str
    datatype: str
    """One of :data:`DATATYPES`."""
    shape: tuple[int, ...]
    """-1 for any length; the first counts samples."""
    is_optional: bool = False
    """Whether a request may leave it out; it is all zeros then."""


def datatype_of(values: Array) -> str:
    """What the protocol calls the type of an array."""
    return _NAMES.get(values.dtype, BYTES)


def fits(values: Array, wanted: np.dtype[Any]) -> bool:
    """Whether numbers, one at least, stay what they are in another type; fractions may lose digits.

    Infinity and what is no number are themselves in each type of fractions.
    """
    if wanted.kind == "b":
        return bool(np.isin(values, (0, 1)).all())
    if wanted.kind == "f":
        if values.dtype.itemsize < wanted.itemsize or values.dtype == wanted:
            return True
        with np.errstate(over="ignore"):
            return bool((np.isfinite(values.astype(wanted)) | ~np.isfinite(values)).all())
    bounds = np.iinfo(wanted)
    if values.dtype.kind in "biu":
        return bool(values.min() >= bounds.min and values.max() <= bounds.max)
    whole = bool((np.isfinite(values) & (values == np.floor(values))).all())
    # The largest of 64 bits is no float: as one it would be the first that is too large.
    return whole and bool(values.min() >= bounds.min and values.max() < float(int(bounds.max) + 1))


def checked(given: Tensors, specs: Sequence[TensorSpec]) -> dict[str, Array]:
    """What a model is asked, of the types and shapes that it takes.

    A single array may have any name where the model takes one. Raises :class:`BadInput`, which says what was
    given and what is expected.
    """
    needed = [spec for spec in specs if not spec.is_optional]
    if len(needed) == 1 and len(given) == 1:
        return _completed({needed[0].name: _fitting(next(iter(given.values())), needed[0])}, specs)
    expected = {spec.name for spec in needed}
    if not expected <= set(given) <= {spec.name for spec in specs}:
        raise BadInput(
            f"the request has the inputs {', '.join(sorted(given)) or 'none'}; "
            f"expected {', '.join(sorted(expected))}",
            "Give each input that the model's metadata names.",
        )
    fitting = {spec.name: _fitting(given[spec.name], spec) for spec in specs if spec.name in given}
    lengths = {len(values) for values in fitting.values()}
    if len(lengths) > 1:
        raise BadInput(
            f"the inputs have {', '.join(map(str, sorted(lengths)))} samples; expected as many in each",
            "Give one row of each input for each sample.",
        )
    return _completed(fitting, specs)


def _completed(fitting: dict[str, Array], specs: Sequence[TensorSpec]) -> dict[str, Array]:
    rows = len(next(iter(fitting.values())))
    for spec in specs:
        if spec.name not in fitting:
            fitting[spec.name] = np.zeros((rows, *spec.shape[1:]), DATATYPES[spec.datatype])
    return fitting


def _fitting(values: Array, spec: TensorSpec) -> Array:
    if values.ndim and _matches(values.shape, spec.shape[1:]):
        values = values[None]  # one sample, without the axis that counts them
    right = _matches(values.shape, spec.shape)
    if not right and values.ndim and len(values):
        values, right = _unfolded(values, spec)
    if not right or len(values) == 0:
        raise BadInput(
            f"input {spec.name!r} has the shape {list(values.shape)}; expected {list(spec.shape)}, "
            "where -1 is any number from 1",
            "Give samples of the size that the model was trained on.",
        )
    return _cast(values, spec)


def _matches(given: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return len(given) == len(wanted) and all(
        one in (-1, size) for one, size in zip(wanted, given, strict=True)
    )


def _unfolded(values: Array, spec: TensorSpec) -> tuple[Array, bool]:
    """Samples that came as one row of numbers each, where there is one way to fold them."""
    inner = spec.shape[1:]
    if -1 in inner or values.size != len(values) * int(np.prod(inner, dtype=np.int64)):
        return values, False
    return values.reshape(len(values), *inner), True


def _cast(values: Array, spec: TensorSpec) -> Array:
    wanted = DATATYPES[spec.datatype]
    if values.dtype == wanted:
        return values
    if wanted.kind == "O" or values.dtype.kind not in "biuf":
        raise BadInput(
            f"input {spec.name!r} holds {datatype_of(values)}; expected {spec.datatype}",
            f"Give it as {spec.datatype}.",
        )
    if not fits(values, wanted):
        kind = "numbers" if wanted.kind == "f" else "whole numbers"
        raise BadInput(
            f"input {spec.name!r} holds values from {values.min():g} to {values.max():g}; "
            f"expected {kind} that fit {spec.datatype}",
            "Scale them as the samples that the model was trained on: of grey pictures 0 to 255.",
        )
    return values.astype(wanted)
