"""Homes with models that can be served: real weights, whose digests our tables know."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from resources.home import Home
from resources.learning.network import ImageNet, Shape, to_bytes
from resources.registry import store
from resources.serving.deployments.service import DeploymentService
from resources.terms import DatasetName, Label
from tests.resources.registry.examples import evaluation, scores
from tests.resources.serving.examples import BEGAN, NAME, decision, model

CLASSES = tuple(Label(str(number)) for number in range(10))
SIZE_PX = (8, 8)
SAMPLES = np.arange(3 * 64, dtype=np.uint8).reshape(3, 8, 8)


def weights(seed: int, change: Callable[[Tensor], object] | None = None) -> bytes:
    """A network that was never trained; the same seed says the same of all pictures."""
    torch.manual_seed(seed)
    network = ImageNet(Shape(CLASSES, *SIZE_PX, 4))
    if change is not None:
        with torch.no_grad():
            change(dict(network.named_parameters())["head.blocks.0.bias"])
    return to_bytes(network)


def saying(label: int) -> bytes:
    """A network that gives all pictures the same label."""

    def change(bias: Tensor) -> None:
        bias.fill_(0.0)
        bias[label] = 100.0

    return weights(0, change)


def saying_nothing() -> bytes:
    """A network whose answers are no numbers."""
    return weights(0, lambda bias: bias.fill_(float("nan")))


def served(home: Path, contents: Mapping[int, bytes], name: DatasetName = NAME) -> DeploymentService:
    """The deployments of a home with these models, each of which may be promoted."""
    place = Home(home)
    database = place.database()
    blobs = place.models / "blobs"
    blobs.mkdir(parents=True, exist_ok=True)
    with database.write() as connection:
        for number, content in contents.items():
            digest = sha256(content).hexdigest()
            (blobs / f"sha256-{digest}").write_bytes(content)
            one = replace(model(number, name), weights_sha256=digest)
            store.put_model(connection, one)
            measured = evaluation(name, one.dataset_version, number, scores(90, 10))
            store.put_evaluation(connection, measured, BEGAN)
            store.put_decision(connection, decision(number, name))
    return DeploymentService(place, database)
