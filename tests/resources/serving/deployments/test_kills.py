"""Whatever is killed, and whoever else acts: the history is whole, and the state is what it says."""

import random
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from resources.serving.deployments.changes import fold
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import parse_reference
from tests.resources.serving.deployments.acting import act
from tests.resources.serving.examples import ACTOR, NAME, deployments

PROGRAM = "tests.resources.serving.deployments.acting"


def check(service: DeploymentService) -> None:
    history = service.history(NAME)
    assert service.verify() == []
    assert [event.number for event in history] == list(range(1, len(history) + 1))
    assert fold(NAME, history) == service.state(NAME)


@pytest.mark.slow
def test_acts_that_are_killed_leave_a_whole_history_that_goes_on(
    trainplat_home: Path, sqlite_at_head: Path, seed: int
) -> None:
    service, drawn = deployments(trainplat_home, at_head=sqlite_at_head), random.Random(seed)
    promised = 0
    for attempt in range(6):
        with subprocess.Popen(
            [sys.executable, "-m", PROGRAM, str(trainplat_home), str(seed + attempt)],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            for _ in range(drawn.randint(1, 15)):
                promised = int(process.stdout.readline())
            process.kill()
        check(service)
        assert len(service.history(NAME)) >= promised, "an act that was told as done is in it"
        act(service, drawn)


def test_of_several_who_act_at_once_each_act_is_in_the_history_once(
    trainplat_home: Path, sqlite_at_head: Path
) -> None:
    service = deployments(trainplat_home, at_head=sqlite_at_head)
    service.promote(parse_reference("digits:1"), ACTOR)
    rollout = service.promote(parse_reference("digits:2"), ACTOR).rollout
    assert rollout is not None
    threads = [Thread(target=service.advance, args=(rollout, ACTOR, "ready")) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [event.kind for event in service.history(NAME)] == ["promoted", "promoted", "advanced"]
    check(service)
