"""What a replica is to hold."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Format(StrEnum):
    """Of what is loaded."""

    WEIGHTS = "weights"
    """A file of weights, as the platform registers them."""
    MLFLOW = "mlflow"
    """A folder or address of a model in any flavour of MLflow's."""


class Variant(StrEnum):
    """How a model is loaded."""

    AS_TRAINED = ""
    BF16 = "bf16"
    """Weights and sums in bfloat16: half the memory."""
    INT8 = "int8"
    """Weights rounded to 255 steps for each output: a quarter of the size, sums as trained."""
    OUTLOOK = "outlook"
    """As trained, and it tells all that a query strategy needs; for the loop, not to be deployed."""


@dataclass(frozen=True)
class Loading:
    """What a replica loads, and how."""

    format: Format
    location: str
    sha256: str = ""
    """Of the file; empty for what is no single file."""
    variant: Variant = Variant.AS_TRAINED
    device: str = "cpu"
    threads: int = 1

    def to_json(self) -> dict[str, Any]:
        """For the process that loads it."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Loading":
        """What :meth:`to_json` wrote."""
        return cls(**{**told, "format": Format(told["format"]), "variant": Variant(told["variant"])})
