"""The values of pulled models: layers, and the manifest that names them."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from resources.terms import DatasetName


class Role(StrEnum):
    """What a layer is for."""

    WEIGHTS = "weights"
    """The file that the platform loads a model from."""
    SIGNATURE = "signature"
    """MLflow's ``MLmodel``: what goes in and comes out."""
    CONFIG = "config"
    """How it was made: params and tags, as JSON."""


@dataclass(frozen=True)
class Layer:
    """One file of a model."""

    role: Role
    digest: str
    """SHA-256 of its content."""
    size_bytes: int


@dataclass(frozen=True)
class Manifest:
    """A model version that was pulled, whole."""

    name: DatasetName
    number: int
    dataset_version: str
    origin: str
    """The MLflow server it is from; empty for this home's own."""
    layers: tuple[Layer, ...]
    pulled_at: datetime

    @property
    def size_bytes(self) -> int:
        """Of all layers."""
        return sum(layer.size_bytes for layer in self.layers)

    def layer(self, role: Role) -> Layer:
        """The layer of a role."""
        return next(layer for layer in self.layers if layer.role is role)

    def to_json(self) -> str:
        """As the store keeps it."""
        return json.dumps(asdict(self) | {"pulled_at": self.pulled_at.isoformat()}, indent=2)

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """What :meth:`to_json` wrote."""
        said = json.loads(text)
        layers = tuple(
            Layer(Role(one["role"]), one["digest"], int(one["size_bytes"])) for one in said["layers"]
        )
        at = datetime.fromisoformat(said["pulled_at"])
        return cls(
            DatasetName(said["name"]),
            int(said["number"]),
            said["dataset_version"],
            said["origin"],
            layers,
            at,
        )


class Watch(Protocol):
    """Is told how far a pull is."""

    def __call__(self, role: Role, digest: str, done_bytes: int, total_bytes: int, /) -> None:
        """So much of a layer is there."""
