"""Trainings that nobody trains: their records and what they told, made up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from resources.home import Home
from resources.learning.distributed.progress import Event, ProgressFile
from resources.learning.trainings.model import TakenUp, TrainingId
from resources.learning.trainings.service import TrainingService
from resources.process import ProcessIdentity
from resources.terms import Actor

ME = Actor("tester")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STORIES = TrainingId("stories", "run-1")
TAKEN = TakenUp(
    at=NOW,
    run_id="run-1",
    attempt=1,
    devices=("cpu:0", "cpu:1"),
    torch_device="cpu",
    processes=2,
    threads=1,
    process=ProcessIdentity(1, 0.0),
)


def taken(seconds: float = 0, **changes: Any) -> TakenUp:
    """A taking up, so long after :data:`NOW`."""
    return replace(TAKEN, at=NOW + timedelta(seconds=seconds), **changes)


def service_of(path: Path) -> TrainingService:
    """The trainings of a home, at :data:`NOW`."""
    home = Home(path)
    return TrainingService(home, home.database(), lambda: NOW)


def tell(folder: Path, *events: Event, at_s: float = 0) -> None:
    """Write what a training tells, so long after :data:`NOW`."""
    file = ProgressFile(folder, lambda: NOW + timedelta(seconds=at_s))
    for event in events:
        file.tell(event)
