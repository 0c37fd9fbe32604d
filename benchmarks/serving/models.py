"""The models that are asked: the network of digits as the registry keeps it, and one that takes 20 ms."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from resources.deploy_plan import DeployPlan, Strategy
from resources.home import HOME_VARIABLE, Home
from resources.learning.network import ImageNet, Shape, to_bytes
from resources.registry.model import Candidate, RoundEvaluation, Scores
from resources.registry.service import RegistryService
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import parse_reference
from resources.terms import Actor, DatasetName, Label, VersionKey

NAME = DatasetName("digits")
SLOW = "slow"
ACTOR = Actor("user:benchmark")
SIZE_PX = (8, 8)
CLASSES = tuple(Label(str(number)) for number in range(10))
SLOW_MS = 20.0
PLAN = DeployPlan(strategy=Strategy.BLUE_GREEN, step_s=0.5, least_requests=0)


def network(seed: int) -> ImageNet:
    """The network that the digits are trained with."""
    import torch

    torch.manual_seed(seed)
    return ImageNet(Shape(CLASSES, *SIZE_PX, 16))


def fill(home: Home, plan: DeployPlan = PLAN) -> Path:
    """Register two models of digits, let the first one be live, and keep its weights as a file."""
    registry = RegistryService(home, home.database())
    for seed, version in enumerate(("v1.0", "v1.1")):
        made = network(0)  # the same answers by both: a switch is not to be told from them
        registered = registry.register(
            Candidate(
                dataset=NAME,
                version=VersionKey(version),
                snapshot_id=f"{seed:064x}",
                weights=to_bytes(made),
                network=made,
                image_size_px=SIZE_PX,
                classes=CLASSES,
            ),
            ACTOR,
        )
        registry.record_evaluation(_evaluation(registered.model.number, VersionKey(version)), ACTOR)
    DeploymentService(home, home.database()).promote(
        parse_reference(f"{NAME}:1"), ACTOR, "a benchmark", override="nothing is measured here", declared=plan
    )
    weights = home.path / "digits.pt"
    weights.write_bytes(to_bytes(network(0)))
    return weights


def saved_for_mlflow(weights: Path, folder: Path, sleep_ms: float) -> Path:
    """The same model as one that ``mlflow models serve`` can serve."""
    import mlflow.pyfunc
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    from benchmarks.serving.apps.model import SLEEP_MS, WEIGHTS

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    path = folder / f"mlflow-{sleep_ms:g}"
    os.environ |= {WEIGHTS: str(weights), SLEEP_MS: str(sleep_ms)}
    signature = ModelSignature(
        inputs=Schema([TensorSpec(np.dtype("uint8"), (-1, *SIZE_PX))]),
        outputs=Schema([TensorSpec(np.dtype("float32"), (-1, len(CLASSES)))]),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it asks for an example and for hints of types
        mlflow.pyfunc.save_model(
            path,
            python_model=str(Path(__file__).with_name("mlflow_model.py")),
            signature=signature,
            pip_requirements=[],
        )
    return path


def register(home: Home, saved: Path) -> None:
    """Register a saved model in the MLflow of the home, as ``slow``."""
    from mlflow import MlflowClient

    from resources.registry.client import DATABASE

    client = MlflowClient(f"sqlite:///{home.mlflow / DATABASE}")
    client.create_registered_model(SLOW)
    client.create_model_version(SLOW, saved.as_uri(), await_creation_for=0)


def body_of(protocol: str) -> dict[str, Any]:
    """One picture as a protocol asks about it."""
    picture = [(7 * at) % 256 for at in range(SIZE_PX[0] * SIZE_PX[1])]
    if protocol == "mlflow":
        return {"inputs": [[picture[at : at + SIZE_PX[1]] for at in range(0, len(picture), SIZE_PX[1])]]}
    return {"inputs": [{"name": "samples", "shape": [1, *SIZE_PX], "datatype": "UINT8", "data": picture}]}


@contextmanager
def at_home(home: Home) -> Iterator[None]:
    """Let what is started now work on this home."""
    before = os.environ.get(HOME_VARIABLE)
    os.environ[HOME_VARIABLE] = str(home.path)
    try:
        yield
    finally:
        os.environ.pop(HOME_VARIABLE)
        if before is not None:
            os.environ[HOME_VARIABLE] = before


def _evaluation(number: int, version: VersionKey) -> RoundEvaluation:
    """What a promotion wants to see; nothing here is measured by it."""
    confusion = tuple(tuple(9 if row == column else 0 for column in range(10)) for row in range(10))
    scores = Scores(1.0, dict.fromkeys(CLASSES, 1.0), confusion)
    return RoundEvaluation(NAME, version, number, None, "0" * 64, 90, CLASSES, scores, None)
