"""What a tick of the annotation sensor costs when Label Studio holds many tasks."""

import argparse
import hashlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.result import spread
from benchmarks.stack import say
from resources.home import Home, read_or_make_secrets
from resources.labeling.model import Question
from resources.labeling.service import LabelingService
from resources.ports import LOOPBACK
from resources.process import end_group
from resources.terms import FIRST_VERSION, Actor, SampleId
from trainplat_assets.datasets import DIGITS
from trainplat_cli.supervisor.model import Answer
from trainplat_cli.supervisor.parts import label_studio_environment, label_studio_program
from trainplat_cli.supervisor.probes import http_probe

NAME = "loop"
DESCRIPTION = (
    "Cost of a tick of the annotation sensor with a real Label Studio that holds as many tasks: the first "
    "look at all of them, a tick when nothing changed, one after 50 answers, and the sweep after a task was "
    "deleted."
)

ACTOR = Actor("user:benchmark")
ANSWERS = 50
READY_S = 300.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument("--tasks", type=int, default=1000, help="tasks in Label Studio")
    parser.add_argument("--repeat", type=int, default=5, help="ticks when nothing changed")


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Ask so many questions, then evaluate the sensor as its daemon would."""
    with TemporaryDirectory(prefix="trainplat-benchmark-") as folder:
        home = Home(Path(folder) / "home")
        with label_studio(home):
            return _measure(home, Path(folder), arguments)


@contextmanager
def label_studio(home: Home) -> Iterator[None]:
    """A Label Studio of its own for ``home``, without the rest of the stack."""
    for folder in (home.path, home.label_studio, home.served):
        folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port = listener.getsockname()[1]
    address = f"http://{LOOPBACK}:{port}"
    os.environ |= {"TRAINPLAT_HOME": str(home.path), "TRAINPLAT_LABEL_STUDIO_URL": address}
    command = [str(label_studio_program()), "start", "--no-browser", "--internal-host", LOOPBACK]
    with (home.path / "label-studio.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--host", address, "--port", str(port)],
            env=label_studio_environment(home, read_or_make_secrets(home), os.environ),
            cwd=home.label_studio,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        probe, deadline = http_probe(port, "/health"), time.monotonic() + READY_S
        while probe().answer is not Answer.OK:
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError((home.path / "label-studio.log").read_text()[-2000:])
            time.sleep(0.5)
        yield
    finally:
        end_group(process.pid, grace_s=10)
        process.wait()


def _measure(home: Home, folder: Path, arguments: argparse.Namespace) -> dict[str, float]:
    service = LabelingService(home, home.database())
    questions = list(_questions(folder, arguments.tasks))
    begun = time.monotonic()
    service.ask(
        DIGITS.name, DIGITS.title, DIGITS.classes, FIRST_VERSION, questions, model_version="1", actor=ACTOR
    )
    asked_s = time.monotonic() - begun
    say(f"{arguments.tasks} tasks sent in {asked_s:.1f} s")
    ticks = Ticks()
    metrics = {"ask_s": asked_s, **ticks.until_seen("first_look")}
    metrics |= spread("idle_tick_s", [ticks.one() for _ in range(arguments.repeat)])
    open_questions = service.questions_open(DIGITS.name)
    for question in open_questions[:ANSWERS]:
        if question.task is not None:
            service.client.annotate(question.task, [question.guess])
    metrics |= ticks.until_seen("answers")
    metrics["confirmed_labels"] = float(len(service.confirmed(DIGITS.name)))
    last = open_questions[-1].task
    if last is not None:
        service.client.delete_task(last)
    return metrics | ticks.until_seen("sweep")


class Ticks:
    """Evaluates the sensor again and again, each time from the cursor that it left."""

    def __init__(self) -> None:
        from dagster import DagsterInstance

        from trainplat_assets.definitions import defs

        repository = defs.get_repository_def()
        self._sensor = repository.get_sensor_def(f"{DIGITS.name}_annotations")
        self._resources = repository.get_top_level_resources()
        self._instance = DagsterInstance.ephemeral()
        self._cursor: str | None = None

    def one(self) -> float:
        """One tick; returns its seconds."""
        from dagster import build_sensor_context

        begun = time.monotonic()
        with build_sensor_context(
            instance=self._instance, cursor=self._cursor, resources=self._resources
        ) as context:
            self._cursor = self._sensor.evaluate_tick(context).cursor
        return time.monotonic() - begun

    def until_seen(self, name: str) -> dict[str, float]:
        """Ticks until all that changed is seen: each stops at half the time that Dagster allows it."""
        taken = [self.one()]
        while self._is_behind():
            taken.append(self.one())
        say(f"{name}: {len(taken)} ticks, {sum(taken):.1f} s")
        return {
            f"{name}_ticks": float(len(taken)),
            f"{name}_total_s": sum(taken),
            f"{name}_longest_tick_s": max(taken),
        }

    def _is_behind(self) -> bool:
        """Whether changes or a sweep are left for the next tick."""
        from sqlalchemy import select

        from resources.labeling.tables import SWEEPS

        with Home.from_environment().database().read() as connection:
            sweeping = connection.execute(select(SWEEPS).where(SWEEPS.c.after_task.is_not(None))).first()
        return sweeping is not None or '"target"' in (self._cursor or "")


def _questions(folder: Path, count: int) -> Iterator[Question]:
    """Questions about samples of which none is like another; they share a few pictures."""
    from PIL import Image

    pictures = [folder / f"{number}.png" for number in range(16)]
    for number, picture in enumerate(pictures):
        Image.new("L", DIGITS.image_size_px, number * 16).save(picture)
    for number in range(count):
        sample = SampleId(hashlib.sha256(str(number).encode()).hexdigest())
        yield Question(sample, DIGITS.classes[number % 10], 0.5, pictures[number % len(pictures)])
