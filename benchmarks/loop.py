"""What a tick of the annotation sensor costs when Label Studio holds many tasks."""

import argparse
import hashlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from benchmarks.result import spread
from benchmarks.stack import say
from resources.clock import utc_now
from resources.data.model import Split
from resources.data.service import DataService
from resources.home import Home, read_or_make_secrets
from resources.labeling.label_studio.client import LabelStudioClient
from resources.labeling.label_studio.connection import Connection
from resources.labeling.label_studio.values import NewTask, ProjectId, TaskId
from resources.labeling.model import Question
from resources.labeling.service import LabelingService
from resources.ports import LOOPBACK
from resources.process import end_group
from resources.registry.service import RegistryService
from resources.terms import FIRST_VERSION, Actor, Label, SampleId
from trainplat_assets.datasets import DIGITS
from trainplat_cli.supervisor.model import Answer
from trainplat_cli.supervisor.parts import label_studio_environment, label_studio_program
from trainplat_cli.supervisor.probes import http_probe

NAME = "loop"
DESCRIPTION = (
    "Cost of a tick of the annotation sensor with a real Label Studio that holds as many tasks: how fast "
    "they are imported, the first look at all of them, a tick when nothing changed, from the last of 500 "
    "answers until the training is requested, and the sweep after a task was deleted. In a running stack "
    "the daemon ticks every 10 s, see latency. `label_studio_import_tasks_per_s` is the bound: the tasks by "
    "the time in import requests alone; `import_last_tasks_per_s` beside `import_first_tasks_per_s` shows "
    "whether filling slows down."
)

ACTOR = Actor("user:benchmark")
ANSWERS = 500
AT_ONCE, PARTS = 1000, 50
"""Questions that are asked in one go, as a round with very many would; more where that made more parts."""
ANSWERING = 4
READY_S = 900.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument("--tasks", type=int, default=1000, help="tasks in Label Studio")
    parser.add_argument("--repeat", type=int, default=5, help="ticks when nothing changed")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="fill a folder that is kept until the end, and go on with it if an earlier run was killed",
    )


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Ask so many questions, then evaluate the sensor as its daemon would."""
    with _folder(arguments) as folder:
        home = Home(folder / "home")
        with label_studio(home):
            return _measure(home, folder, arguments)


@contextmanager
def _folder(arguments: argparse.Namespace) -> Iterator[Path]:
    """A new folder, or with ``--resume`` the one of this many tasks; it goes when the measurement is done."""
    if not getattr(arguments, "resume", False):
        with TemporaryDirectory(prefix="trainplat-benchmark-") as folder:
            yield Path(folder)
        return
    kept = Path(gettempdir()) / f"trainplat-benchmark-loop-{arguments.tasks}"
    kept.mkdir(exist_ok=True)
    yield kept
    rmtree(kept)


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
    client = TimedClient(
        Connection(home.addresses().label_studio, read_or_make_secrets(home).label_studio_token)
    )
    service = LabelingService(home, home.database(), client=client)
    answerable = _first_version(home)
    metrics = _fill(service, folder, arguments.tasks, answerable) | client.rate()
    ticks = Ticks()
    metrics |= ticks.until_seen("first_look")
    metrics |= spread("idle_tick_s", [ticks.one() for _ in range(arguments.repeat)])
    if ticks.requested:
        say("An earlier run was killed after it had answered: what follows an answer is left out.")
        return metrics
    tasks = {question.sample: question.task for question in service.questions_open(DIGITS.name)}
    asked = [(sample, truth) for sample, truth in answerable.items() if sample in tasks][:ANSWERS]
    metrics |= _answer(service, [(tasks[sample], truth) for sample, truth in asked])
    last_answer = time.monotonic()
    metrics |= ticks.until_seen("answers")
    while not ticks.requested:
        ticks.one()
    metrics["answer_to_request_s"] = time.monotonic() - last_answer
    metrics["confirmed_labels"] = float(len(service.confirmed(DIGITS.name)))
    unanswered = [question.task for question in service.questions_open(DIGITS.name) if question.task]
    if not unanswered:
        return metrics
    service.client.delete_task(unanswered[-1])
    return metrics | ticks.until_seen("sweep")


def _first_version(home: Home) -> dict[SampleId, Label]:
    """Make the digits' first version, decided; the samples that a next version can take up, and their labels.

    What MLflow would have to tell of it is written down: no model is needed here.
    """
    from sqlalchemy import insert

    from resources.registry.store import DECISIONS

    data, registry = DataService(home, home.database()), RegistryService(home, home.database())
    if not data.versions(DIGITS.name):
        data.plan_first(DIGITS, ACTOR)
    data.make(DIGITS, FIRST_VERSION, ACTOR)
    if not registry.decisions(DIGITS.name):
        row = {"model_number": 1, "champion_number": 1, "accuracy_new": 0.9, "accuracy_old": None}
        with home.database().write() as connection:
            connection.execute(
                insert(DECISIONS).values(
                    dataset=DIGITS.name,
                    version=FIRST_VERSION,
                    labels=DIGITS.first_labelled,
                    promoted=True,
                    champion_version=FIRST_VERSION,
                    lease_s=1.0,
                    decided_at=utc_now(),
                    **row,
                )
            )
    registry.check()  # it makes its tables now, and not in a tick that is measured
    truth = data.true_labels(DIGITS.name)
    samples = data.samples(DIGITS.name, FIRST_VERSION)
    return {one.id: truth[one.id] for one in samples if one.split is Split.POOL}


def _fill(
    service: LabelingService, folder: Path, count: int, answerable: Mapping[SampleId, Label]
) -> dict[str, float]:
    """Ask so many questions, those that can be answered first. What is there already is not sent again."""
    questions = list(_questions(folder, count, list(answerable)))
    there = {question.sample for question in service.questions_open(DIGITS.name) if question.task}
    size = max(AT_ONCE, count // PARTS)
    parts = [questions[start : start + size] for start in range(0, count, size)]
    # The last one is asked in any case: it is told whether all of them are in Label Studio.
    left = [part for part in parts if part is parts[-1] or not there.issuperset(one.sample for one in part)]
    service.client.connection.with_sdk(lambda _sdk: None)  # it is loaded once, in some 3 s, whatever is asked
    done, rates, sent = count - sum(map(len, left)), [], 0
    begun = time.monotonic()
    for part in left:
        began = time.monotonic()
        report = service.ask(
            DIGITS.name, DIGITS.title, DIGITS.classes, FIRST_VERSION, part, model_version="1", actor=ACTOR
        )
        sent, done = sent + report.sent, done + len(part)
        taken, spent = time.monotonic() - began, time.monotonic() - begun
        rates += [report.sent / taken] if report.sent else []
        say(
            f"{done:,} of {count:,} tasks are there, {report.sent:,} of them new at "
            f"{report.sent / taken:.0f} a second; {spent:.0f} s so far"
        )
    held = service.client.counts(report.project).tasks
    if held != count:
        raise RuntimeError(f"Label Studio tells {held} tasks; {count} were asked for")
    metrics = {"ask_s": time.monotonic() - begun, "tasks_sent": float(sent)}
    if rates:
        metrics |= {
            "import_tasks_per_s": sent / metrics["ask_s"],
            "import_first_tasks_per_s": rates[0],
            "import_last_tasks_per_s": rates[-1],
        }
    return metrics


class TimedClient(LabelStudioClient):
    """Keeps how long Label Studio itself takes to make tasks: what no way of asking can be faster than."""

    made = 0
    took_s = 0.0

    def import_tasks(self, project: ProjectId, tasks: Sequence[NewTask]) -> list[TaskId]:
        """As it is, timed."""
        began = time.monotonic()
        ids = super().import_tasks(project, tasks)
        self.took_s += time.monotonic() - began
        self.made += len(tasks)
        return ids

    def rate(self) -> dict[str, float]:
        """The metric, if any task was made."""
        return {"label_studio_import_tasks_per_s": self.made / self.took_s} if self.made else {}


def _answer(service: LabelingService, asked: list[tuple[TaskId | None, Label]]) -> dict[str, float]:
    """Answer as several people would, at once."""
    begun = time.monotonic()
    with ThreadPoolExecutor(ANSWERING) as people:
        list(people.map(lambda one: one[0] and service.client.annotate(one[0], [one[1]]), asked))
    taken = time.monotonic() - begun
    say(f"{len(asked)} answers in {taken:.1f} s")
    return {"answers": float(len(asked)), "answers_per_s": len(asked) / taken}


class Ticks:
    """Evaluates the sensor again and again, each time from the cursor that it left."""

    def __init__(self) -> None:
        from dagster import DagsterInstance

        from trainplat_assets.definitions import defs

        self._repository = repository = defs.get_repository_def()
        self._sensor = repository.get_sensor_def(f"{DIGITS.name}_annotations")
        self._resources = repository.get_top_level_resources()
        self._instance = DagsterInstance.ephemeral()
        self._cursor: str | None = None
        self.requested: list[str] = []
        """The run keys of what the sensor asked for."""

    def one(self) -> float:
        """One tick; returns its seconds."""
        from dagster import build_sensor_context

        begun = time.monotonic()
        with build_sensor_context(
            instance=self._instance,
            cursor=self._cursor,
            repository_def=self._repository,
            resources=self._resources,
        ) as context:
            told: Any = self._sensor(context)
        self._cursor = told.cursor
        self.requested += [str(request.run_key) for request in told.run_requests or ()]
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


def _questions(folder: Path, count: int, answerable: Sequence[SampleId]) -> Iterator[Question]:
    """Questions about the samples that can be answered, then about others of which none is like another; they
    share a few pictures.
    """
    from PIL import Image

    pictures = [folder / f"{number}.png" for number in range(16)]
    for number, picture in enumerate(pictures):
        Image.new("L", DIGITS.image_size_px, number * 16).save(picture)
    for number in range(count):
        made_up = SampleId(hashlib.sha256(str(number).encode()).hexdigest())
        sample = answerable[number] if number < len(answerable) else made_up
        yield Question(sample, DIGITS.classes[number % 10], 0.5, pictures[number % len(pictures)])
