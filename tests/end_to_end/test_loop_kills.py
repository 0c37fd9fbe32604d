"""``kill -9`` over twenty rounds of the loop: no label is lost or used twice, no version is trained twice.

What is killed: the training, the daemon that runs the sensors, Label Studio, which sends the web hooks, and
who receives them. Each part of the twenty rounds is a stack of its own; ``make test-slow`` draws a share.
In each part every one of them dies: once early, at a moment and in an order that chance draws, and then again
as often as there is time for.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import select

from resources.home import Home
from resources.labeling.service import LabelingService
from resources.registry.store import MODEL_VERSIONS
from tests.end_to_end.stack import DIGITS, Stack, stack_on
from tests.end_to_end.test_kills import KINDS
from tests.needs import needs
from trainplat_cli.demo.play import versions_of
from trainplat_cli.supervisor.model import PartName

pytestmark = [pytest.mark.end_to_end, pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(3000)]

ROUNDS = 2
PARTS = 10
MOST_PAUSE_S = 60.0
"""Label Studio takes half a minute to come back: killed more often, nothing would ever be answered."""
MOST_FIRST_PAUSE_S = 10.0
"""Until each was killed once: two rounds on a fast machine are over before four long pauses are."""
LOOK_PAUSE_S = 0.2
"""A training lives for a few seconds only, and who is being started again is nobody: both are looked for."""
MOST_LIVED_S = 1.5
"""How long a training has lived when it is killed; one that is missed is killed at once the next time."""
TRAINING = "training"
KILLED: dict[str, Callable[[Stack], bool]] = {
    **{kind: KINDS[kind] for kind in (TRAINING, "daemon", "label studio")},
    "web hooks": lambda stack: stack.kill_part(PartName.WEBHOOK),
}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The weights of each version where nothing was killed."""
    needs("label studio")
    with pytest.MonkeyPatch.context() as patched:
        home = Home(tmp_path_factory.mktemp("undisturbed") / "home")
        with _played(home, patched) as stack:
            stack.play(ROUNDS)
            weights = weights_of(stack)
        yield weights  # its stack is down by now, and takes no time from those that are killed


@pytest.mark.parametrize("part", range(PARTS))
def test_kills_at_random_moments_lose_nothing_and_do_nothing_twice(
    part: int,
    seed: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    undisturbed: dict[str, str],
) -> None:
    chance = random.Random(f"{seed}-{part}")
    with _played(Home(tmp_path / "home"), monkeypatch) as stack:
        over = threading.Event()
        kills: Counter[str] = Counter()
        killer = threading.Thread(target=_kill_on_and_on, args=(stack, chance, over, kills))
        killer.start()
        try:
            stack.play(ROUNDS)
        finally:
            over.set()
            killer.join(300)
        assert all(kills[kind] for kind in KILLED), kills
        made = list(versions_of(ROUNDS))
        assert stack.sealed_versions() == made
        assert sorted(stack.registered_versions()) == sorted(made)
        assert_each_answer_is_in_one_version(stack)
        assert weights_of(stack) == undisturbed


def assert_each_answer_is_in_one_version(stack: Stack) -> None:
    """What Label Studio holds of answers, what is confirmed, and what versions took up are the same."""
    people = LabelingService(stack.home, stack.home.database())
    asked = {one.sample: one for one in people.questions(DIGITS)}
    tasks = [one.task for one in asked.values() if one.task is not None]
    (project,) = {
        row["id"]
        for row in people.client.connection.get("/api/projects/", {"title": DIGITS}).json()["results"]
    }
    answered = {
        task.summary.sample: task.annotations[-1].labels[0]
        for task in people.client.tasks(project, tasks)
        if task.annotations and task.annotations[-1].labels
    }
    data = stack.data()
    taken = [label for version in versions_of(ROUNDS) for label in data.confirmed_labels(DIGITS, version)]
    refs = Counter(label.ref for label in taken)
    assert max(refs.values()) == 1
    samples = Counter(label.sample for label in taken)
    truth = data.true_labels(DIGITS)
    assert all(label.label == truth[label.sample] for label in taken)
    assert max(samples.values()) == 1
    assert set(samples) <= set(answered)
    assert len(samples) == 50 * ROUNDS


def weights_of(stack: Stack) -> dict[str, str]:
    """The SHA-256 of the weights that each version was trained to."""
    with stack.home.database().read() as connection:
        rows = connection.execute(select(MODEL_VERSIONS.c.dataset_version, MODEL_VERSIONS.c.weights_sha256))
        return {row.dataset_version: row.weights_sha256 for row in rows}


def _kill_on_and_on(
    stack: Stack, chance: random.Random, over: threading.Event, kills: "Counter[str]"
) -> None:
    hunter = threading.Thread(
        target=_kill_a_training, args=(stack, chance.uniform(0, MOST_LIVED_S), over, kills)
    )
    hunter.start()
    parts = [kind for kind in KILLED if kind != TRAINING]
    for kind in chance.sample(parts, len(parts)):
        over.wait(chance.uniform(1, MOST_FIRST_PAUSE_S))
        _kill_one(stack, kind, over, kills)
    while not over.wait(chance.uniform(1, MOST_PAUSE_S)):
        kind = chance.choice(list(KILLED))
        kills[kind] += KILLED[kind](stack)
    hunter.join(300)


def _kill_a_training(stack: Stack, lived_s: float, over: threading.Event, kills: "Counter[str]") -> None:
    """The first that is met, once it has lived so long; where it was over by then, the next one at once."""
    while not over.wait(LOOK_PAUSE_S):
        if not any(lease.devices and lease.holder is not None for lease in stack.leases()):
            continue
        over.wait(lived_s)
        lived_s = 0
        if KILLED[TRAINING](stack):
            kills[TRAINING] += 1
            return


def _kill_one(stack: Stack, kind: str, over: threading.Event, kills: "Counter[str]") -> None:
    while not over.is_set():
        if KILLED[kind](stack):
            kills[kind] += 1
            return
        over.wait(LOOK_PAUSE_S)


def _played(home: Home, patched: pytest.MonkeyPatch) -> AbstractContextManager[Stack]:
    patched.setenv("TRAINPLAT_HOME", str(home.path))
    patched.setenv("DAGSTER_HOME", str(home.dagster))
    return stack_on(home, measured=False)
