"""The benchmark of the loop, with 2,000 tasks: it goes on with what was left, and every task counts once."""

import os
from argparse import Namespace
from collections import Counter
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest
from sqlalchemy import select

from benchmarks import loop
from resources.data.service import DataService
from resources.home import Home
from resources.labeling.label_studio.values import ProjectId
from resources.labeling.model import QuestionState
from resources.labeling.service import LabelingService
from resources.labeling.tables import PROJECTS
from resources.labeling.tables import TASKS as TASKS_TABLE
from resources.terms import VersionKey
from tests.needs import needs
from trainplat_assets.datasets import DIGITS

pytestmark = [pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(1500)]

TASKS = 2000


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmark points its process to its own home."""
    for name in ("TRAINPLAT_HOME", "TRAINPLAT_LABEL_STUDIO_URL"):
        monkeypatch.setenv(name, os.environ.get(name, ""))


def test_it_goes_on_with_a_half_filled_label_studio_and_nothing_is_lost_or_comes_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    needs("label studio")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    fill, measure = loop._fill, loop._measure
    counted: dict[str, object] = {}

    def killed(*given: object) -> dict[str, float]:
        monkeypatch.setattr(loop, "_fill", fill)
        service, folder, _, answerable = given
        fill(service, folder, TASKS // 2, answerable)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    def measured(home: Home, *given: Any) -> dict[str, float]:
        metrics = measure(home, *given)
        counted.update(counts(home))
        return metrics

    monkeypatch.setattr(loop, "_fill", killed)
    asked = Namespace(tasks=TASKS, repeat=1, resume=True)
    with pytest.raises(KeyboardInterrupt):
        loop.run(asked)
    kept = Path(gettempdir()) / f"trainplat-benchmark-loop-{TASKS}"
    assert kept.exists()
    monkeypatch.setattr(loop, "_measure", measured)

    found = loop.run(asked)

    assert found["tasks_sent"] == TASKS // 2
    assert found["answers"] == found["confirmed_labels"] == loop.ANSWERS
    assert {"idle_tick_s", "answer_to_request_s", "sweep_total_s"} <= set(found)
    assert counted == {
        "in Label Studio": TASKS - 1,
        "tasks": TASKS,
        "samples": TASKS,
        "states": {
            QuestionState.ANSWERED: loop.ANSWERS,
            QuestionState.OPEN: TASKS - loop.ANSWERS - 1,
            QuestionState.WITHDRAWN: 1,
        },
        "labels": loop.ANSWERS,
        "labelled samples": loop.ANSWERS,
        "wrong labels": 0,
        "versions": ["v1.0", "v1.1"],
        "taken up": loop.ANSWERS,
    }
    assert not kept.exists()


def counts(home: Home) -> dict[str, object]:
    """What is there at the end, after one task was deleted: in Label Studio, and in our tables."""
    people, data, name = (
        LabelingService(home, home.database()),
        DataService(home, home.database()),
        DIGITS.name,
    )
    truth, confirmed = data.true_labels(name), people.confirmed(name)
    with home.database().read() as connection:
        tasks = connection.execute(select(TASKS_TABLE.c.task, TASKS_TABLE.c.sample)).all()
        project = connection.execute(select(PROJECTS.c.project)).scalar_one()
    return {
        "in Label Studio": people.client.counts(ProjectId(project)).tasks,
        "tasks": len({one.task for one in tasks}),
        "samples": len({one.sample for one in tasks}),
        "states": Counter(one.state for one in people.questions(name)),
        "labels": len({one.ref for one in confirmed}),
        "labelled samples": len({one.sample for one in confirmed}),
        "wrong labels": sum(one.label != truth[one.sample] for one in confirmed),
        "versions": [one.version for one in data.versions(name)],
        "taken up": len({one.ref for one in data.confirmed_labels(name, VersionKey("v1.1"))}),
    }
