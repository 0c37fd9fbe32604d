"""The training of a data set as the plan of a training, for all who show plans."""

import re
from hashlib import sha256
from math import ceil

from resources.kinds import Kind
from resources.learning.distributed.plan import SEEDS, Parallel, Plan, Precision, TaskChoice
from resources.learning.trainings.model import TrainingId
from resources.terms import DatasetName, VersionKey
from resources.train_settings import TrainSettings

WORKER = "resources.learning.rounds.worker"
"""What each process runs, where several train one."""
ROUND = "round"
"""The task's name. It is in no catalogue: its data are a version's."""
CLIP_NORM = 5.0
"""Of all kinds but classes of images, whose gradients are not clipped."""
LONGEST_VERSION = 80
DIGITS = 8


def plan_of(settings: TrainSettings, kind: Kind, *, seed: int, count: int, goes_on: bool) -> Plan:
    """By which ``count`` samples are learnt; ``goes_on``: from earlier weights."""
    epochs = settings.passes(goes_on=goes_on)
    steps_each = max(1, ceil(count / settings.batch_size))
    return Plan(
        task=TaskChoice(ROUND, {"kind": kind.value, "epochs": epochs, "samples": count}),
        steps=epochs * steps_each,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        last_rate_share=0.0,
        weight_decay=settings.weight_decay,
        clip_norm=None if kind is Kind.IMAGE_CLASSES else CLIP_NORM,
        seed=seed % SEEDS,
        parallel=Parallel(settings.parallel),
        precision=Precision(settings.precision),
        accumulation=settings.accumulation,
        compile=settings.compile,
        log_every_steps=steps_each,
        checkpoint_every_steps=settings.checkpoint_every_epochs * steps_each,
        checkpoint_every_s=None,
        keep_checkpoints=1,
    )


def training_id(dataset: DatasetName, version: VersionKey, deciding: object) -> TrainingId:
    """Which training: of a version, and of all that decides its outcome, told as values with a ``repr``."""
    shown = re.sub(r"[^a-z0-9_.-]+", "-", version.lower())[:LONGEST_VERSION]
    return TrainingId(dataset, f"{shown}-{sha256(repr(deciding).encode()).hexdigest()[:DIGITS]}")
