"""The network, in torch: a small convolutional net for grey images. Import this module inside functions only.

Letters of tensor shapes: n images, c channels, h rows, w columns, k classes, f features.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from resources.errors import BadInput
from resources.learning.head import GrowingHead
from resources.learning.layers import PartedNorm, Residual, convolution
from resources.learning.model import Images
from resources.terms import Label


@dataclass(frozen=True)
class Shape:
    """What a network is built for."""

    classes: tuple[Label, ...]
    height_px: int
    width_px: int
    channels: int
    """Feature maps of the first convolution when the network was made; the later ones have twice as many."""
    grown: tuple[int, ...] = ()
    """How many the first convolution got with each growth since."""
    depth: int = 0
    """Residual blocks behind the last convolution."""
    apart: bool = False
    """Whether no weight leads from one part to another, so that each is a column."""

    @property
    def columns(self) -> int:
        """How many networks lie beside each other."""
        return len(self.parts) if self.apart else 1

    @property
    def parts(self) -> tuple[int, ...]:
        """Feature maps of the first convolution, by growth."""
        return (self.channels, *self.grown)


class ImageNet(nn.Module):
    """Images [n, h, w] of 0 to 255 in, logits [n, k] out.

    ``blocks`` are how many classes each block of the head tells apart: one block for all, where not given.
    """

    def __init__(self, shape: Shape, blocks: Sequence[int] = ()) -> None:
        super().__init__()
        self.shape = shape
        c, apart = sum(shape.parts), shape.apart
        twice = [2 * part for part in shape.parts]
        pooled = max(1, shape.height_px // 2) * max(1, shape.width_px // 2)
        self.features = nn.Sequential(
            nn.Conv2d(1, c, 3, padding=1),
            PartedNorm(shape.parts),
            nn.ReLU(),
            convolution(shape.parts, twice, apart=apart),
            PartedNorm(twice),
            nn.ReLU(),
            nn.MaxPool2d(2, ceil_mode=False),
            convolution(twice, twice, apart=apart),
            PartedNorm(twice),
            nn.ReLU(),
            *(Residual(twice, apart=apart) for _ in range(shape.depth)),
        )
        self.head = GrowingHead(2 * c * pooled, blocks or [len(shape.classes)])
        if self.head.classes != len(shape.classes):
            raise ValueError(f"blocks of {self.head.sizes} classes for {len(shape.classes)} classes")
        for block in self.head.blocks:
            if isinstance(block, nn.Linear):
                block.reset_parameters()

    def forward(self, images_nhw: Tensor) -> Tensor:
        """Logits [n, k]."""
        logits: Tensor = self.head(self.embed(images_nhw))
        return logits

    def grow(self, classes: tuple[Label, ...]) -> list[nn.Parameter]:
        """Know ``classes``, which begin with those that it knows; returns the new parameters.

        What it says of the old classes stays as it is, to the bit. See :func:`check_fit`.
        """
        self.shape = replace(self.shape, classes=classes)
        return self.head.grow(len(classes))

    def embed(self, images_nhw: Tensor) -> Tensor:
        """What the head is given, [n, f]."""
        scaled = images_nhw.float().unsqueeze(1) / 255.0
        features: Tensor = self.features(scaled)
        return features.flatten(1)


def to_bytes(network: ImageNet) -> bytes:
    """The network as bytes: equal networks give equal bytes."""
    shape = network.shape
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    content = {
        "classes": list(shape.classes),
        "size_px": [shape.height_px, shape.width_px],
        "channels": shape.channels,
        "blocks": list(network.head.sizes),
        "state": state,
    }
    if shape.grown or shape.depth:  # the bytes of others stay as they were
        content["structure"] = [list(shape.grown), shape.depth, *([True] if shape.apart else [])]
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def from_bytes(weights: bytes) -> ImageNet:
    """The network that :func:`to_bytes` wrote. Runs no code that may hide in the bytes.

    Weights from before heads grew have one block and say the same, to the bit. Raises :class:`BadInput` when
    they are something else, or damaged.
    """
    try:
        content: dict[str, Any] = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
        height_px, width_px = content["size_px"]
        grown, depth, *apart = content.get("structure", ([], 0))
        classes = tuple(Label(name) for name in content["classes"])
        shape = Shape(classes, height_px, width_px, content["channels"], tuple(grown), depth, bool(apart))
        network = ImageNet(shape, content.get("blocks", ()))
        network.load_state_dict(_of_blocks(content["state"]))
    except Exception as problem:  # torch names a damaged file in a dozen ways
        raise BadInput(
            f"{len(weights)} bytes are not the weights of a model: {problem}",
            "Use the weights of a registered model version, or train again.",
        ) from problem
    return network


def check_fit(shape: Shape, images: Images, classes: tuple[Label, ...]) -> None:
    """Raise :class:`BadInput` when a network of ``shape`` is not made for these images and classes.

    A data set may have more classes than the model knows: after those, which stay in their order.
    """
    if shape.classes != classes[: len(shape.classes)]:
        raise BadInput(
            f"the model knows the classes {', '.join(shape.classes)}; the data set has {', '.join(classes)}; "
            "expected those of the model in their order, and new ones after them",
            "Add new classes at the end, or train a base model for the classes of this data set.",
        )
    if images.shape[1:] != (shape.height_px, shape.width_px):
        raise BadInput(
            f"the model is made for images of {shape.width_px} x {shape.height_px} pixels; "
            f"the given array has the shape {images.shape}",
            "Give images of that size, or train a base model for the new size.",
        )


def _of_blocks(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same weights by the names that they have now: a head was one layer once."""
    return {
        f"head.blocks.0.{name.removeprefix('head.')}"
        if name in ("head.weight", "head.bias")
        else name: weights
        for name, weights in state.items()
    }


@contextmanager
def thread_limit(threads: int) -> Iterator[None]:
    """Let torch use ``threads`` CPU threads inside, and as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, threads))
    try:
        yield
    finally:
        torch.set_num_threads(before)
