"""The networks of all kinds as bytes, in torch. Import this module inside functions only."""

import io
from dataclasses import asdict
from typing import Any

import torch

from resources.errors import BadInput
from resources.kinds import Kind
from resources.learning.kinds.boxes import BoxNet
from resources.learning.kinds.entities import EntityNet
from resources.learning.kinds.network import KindNet, Shape
from resources.learning.kinds.text_classes import TextNet
from resources.learning.model import Images
from resources.terms import Label

NETWORKS: dict[Kind, type[KindNet]] = {
    Kind.TEXT_CLASSES: TextNet,
    Kind.ENTITIES: EntityNet,
    Kind.BOXES: BoxNet,
}


def to_bytes(kind: Kind, network: KindNet) -> bytes:
    """The network as bytes: equal networks give equal bytes."""
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    shape = asdict(network.shape) | {"classes": [str(label) for label in network.shape.classes]}
    file = io.BytesIO()
    torch.save({"kind": str(kind), "shape": shape, "state": state}, file)
    return file.getvalue()


def from_bytes(kind: Kind, weights: bytes) -> KindNet:
    """The network that :func:`to_bytes` wrote. Runs no code that may hide in the bytes.

    Raises :class:`BadInput` when they are something else, or damaged.
    """
    try:
        content: dict[str, Any] = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
        if content["kind"] != kind:
            raise ValueError(f"it is of the kind {content['kind']}, not {kind}")
        shape = content["shape"]
        classes = tuple(Label(name) for name in shape["classes"])
        network = NETWORKS[kind](Shape(classes, shape["height_px"], shape["width_px"], shape["channels"]))
        network.load_state_dict(content["state"])
    except Exception as problem:  # torch names a damaged file in a dozen ways
        raise BadInput(
            f"{len(weights)} bytes are not the weights of a model of {kind}: {problem}",
            "Use the weights of a registered model version, or train again.",
        ) from problem
    return network


def check_fit(shape: Shape, samples: Images, classes: tuple[Label, ...]) -> None:
    """Raise :class:`BadInput` when a network of ``shape`` is not made for these samples and classes.

    A data set may have more classes than the model knows: after those, which stay in their order.
    """
    if shape.classes != classes[: len(shape.classes)]:
        raise BadInput(
            f"the model knows the classes {', '.join(shape.classes)}; the data set has {', '.join(classes)}; "
            "expected those of the model in their order, and new ones after them",
            "Add new classes at the end, or train a base model for the classes of this data set.",
        )
    if samples.shape[1:] != (shape.height_px, shape.width_px):
        raise BadInput(
            f"the model is made for samples of {shape.height_px} x {shape.width_px}; "
            f"the given array has the shape {samples.shape}",
            "Give samples of that size, or train a base model for the new size.",
        )
