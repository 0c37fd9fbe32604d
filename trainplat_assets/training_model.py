"""The model that a training became, in MLflow: read from its last checkpoint, registered once."""

import hashlib
import json
import tempfile
import warnings
from pathlib import Path
from shutil import copyfile

from resources.learning.distributed.checkpoints.folder import MANIFEST
from resources.learning.distributed.plan import write_plan
from resources.learning.trainings.result import Finished
from resources.registry.training_runs import TrainedNetwork, TrainedVersion, TrainingRun
from resources.registry.trainings import TrainingRegistry
from resources.terms import Actor

WEIGHTS, PLAN, SCORES = "weights.pt", "plan.json", "scores.json"


def register_trained(
    registry: TrainingRegistry, run: TrainingRun, mlflow_run_id: str, done: Finished, actor: Actor
) -> TrainedVersion:
    """The version of a training; made where there is none. Raises Unavailable when MLflow is down."""
    found = registry.find(run.name, run.source_id, actor)
    if found is not None:
        return found
    import torch

    from resources.learning.distributed.checkpoints.state import load_model
    from resources.learning.distributed.tasks.catalogue import build_task

    network = build_task(done.plan.task).model()
    with warnings.catch_warnings():
        # One process reads it, which is what is wanted here.
        warnings.filterwarnings("ignore", message="torch.distributed is disabled")
        load_model(done.checkpoint.path, network)
    network.eval()
    with tempfile.TemporaryDirectory(prefix="trainplat-trained-") as place:
        folder = Path(place)
        weights = folder / WEIGHTS
        torch.save(network.state_dict(), weights)
        (folder / PLAN).write_text(write_plan(done.plan))
        (folder / SCORES).write_text(json.dumps(done.scores, sort_keys=True))
        copyfile(done.checkpoint.path / MANIFEST, folder / "checkpoint.json")
        with weights.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        trained = TrainedNetwork(
            run=run,
            mlflow_run_id=mlflow_run_id,
            network=network,
            files=tuple(sorted(folder.iterdir())),
            weights_sha256=sha256,
            scores=done.scores,
            tags={
                "trainplat_checkpoint_sha256": done.checkpoint_sha256,
                "trainplat_plan": hashlib.sha256(write_plan(done.plan).encode()).hexdigest(),
            },
        )
        return registry.register(trained, actor)
