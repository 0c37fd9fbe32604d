"""The scanned digits that come with scikit-learn (8 x 8 grey images), by the network for images."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from resources.errors import BadInput
from resources.learning.distributed.order import Places
from resources.learning.distributed.scoring import accuracy
from resources.learning.distributed.task import Batch
from resources.learning.distributed.tasks.settings import DigitsSettings
from resources.learning.network import ImageNet, Shape
from resources.terms import Label

LARGEST = 16.0
"""Of the grey values as scikit-learn has them; the network reads 0 to 255."""
SIDE_PX = 8
HELD_OUT = 5
"""Each fifth image is held out."""


Settings = DigitsSettings


class Digits:
    """Images and the digits that they show."""

    def __init__(self, settings: Settings) -> None:
        from sklearn.datasets import load_digits

        loaded = load_digits()
        images = torch.from_numpy(loaded.images * (255.0 / LARGEST)).round().to(torch.uint8)
        labels = torch.from_numpy(loaded.target).long()
        held_out = torch.arange(len(labels)) % HELD_OUT == 0
        self._train = {"images": images[~held_out], "labels": labels[~held_out]}
        self._test = {"images": images[held_out], "labels": labels[held_out]}
        self.classes = [str(digit) for digit in range(10)]
        self._shape = Shape(tuple(map(Label, self.classes)), SIDE_PX, SIDE_PX, settings.channels)

    @property
    def count(self) -> int:
        """Images to train on."""
        return len(self._train["labels"])

    def model(self) -> nn.Module:
        """The network that the loop of the platform trains too."""
        return ImageNet(self._shape)

    def batch(self, places: Places) -> Batch:
        """``images`` [n, h, w] and ``labels`` [n]."""
        chosen = torch.from_numpy(places)
        return {name: values[chosen] for name, values in self._train.items()}

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Cross entropy."""
        return functional.cross_entropy(model(batch["images"]), batch["labels"])

    def blocks(self, model: nn.Module) -> Iterator[nn.Module]:  # noqa: ARG002
        """None: it is small enough to be gathered whole."""
        yield from ()

    def scores(self, model: nn.Module) -> dict[str, float]:
        """``accuracy`` on the images that are held out."""
        return {"accuracy": accuracy(model, self._test["images"], self._test["labels"])}

    def read(self, values: Sequence[float]) -> Tensor:
        """One image [h, w] from its grey values row by row, 0 to 16 each. Raises :class:`BadInput`."""
        if len(values) != SIDE_PX * SIDE_PX or not all(0 <= one <= LARGEST for one in values):
            raise BadInput(
                f"an image of {len(values)} values cannot be read; expected {SIDE_PX * SIDE_PX} from 0 to 16",
                "Give the grey values of an image of 8 x 8, row by row.",
            )
        grey = torch.tensor(values) * (255.0 / LARGEST)
        return grey.round().to(torch.uint8).view(SIDE_PX, SIDE_PX)


def build(settings: Settings) -> Digits:
    """The task."""
    return Digits(settings)
