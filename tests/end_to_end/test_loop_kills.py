"""``kill -9`` over twenty rounds of the loop: no label is lost or used twice, no version is trained twice.

What is killed: the training, the daemon that runs the sensors, Label Studio, which sends the web hooks, and
who receives them. Each part of the twenty rounds is a stack of its own; ``make test-slow`` draws a share.
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
KILLED: dict[str, Callable[[Stack], bool]] = {
    **{kind: KINDS[kind] for kind in ("training", "daemon", "label studio")},
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
            yield weights_of(stack)


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
        assert sum(kills.values()) >= ROUNDS, kills
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
    while not over.wait(chance.uniform(1, MOST_PAUSE_S)):
        kind = chance.choice(list(KILLED))
        kills[kind] += KILLED[kind](stack)


def _played(home: Home, patched: pytest.MonkeyPatch) -> AbstractContextManager[Stack]:
    patched.setenv("TRAINPLAT_HOME", str(home.path))
    patched.setenv("DAGSTER_HOME", str(home.dagster))
    return stack_on(home, measured=False)
