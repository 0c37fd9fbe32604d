"""Following real trainings: processes that are killed, that hang, that are asked to stop."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resources.errors import BadInput, TrainplatError
from resources.learning.distributed import launching
from resources.learning.distributed.__main__ import main
from resources.learning.distributed.launching import Launch
from resources.learning.distributed.logs import LogLine
from resources.learning.distributed.plan import Parallel, Plan, TaskChoice, write_plan
from resources.learning.distributed.progress import (
    HEARTBEAT,
    Began,
    Event,
    Hung,
    Point,
    ProgressFile,
    Saved,
    stands_still,
)
from resources.learning.distributed.watching import Patience, Pulse, run
from tests.house.modules import CHECKOUT
from tests.resources.learning.distributed.plans import TINY, began, difference, is_done, losses, tiny, told
from tests.resources.learning.distributed.processes import is_gone, workers_of

SOON = Patience(look_s=0.02)


def longer(parallel: Parallel = Parallel.DDP, steps: int = 120) -> Plan:
    """Long enough to be met while it runs."""
    return tiny(parallel=parallel, steps=steps, checkpoint_every_steps=20)


class Once:
    """Does something to the workers when a checkpoint after step ``step`` is there."""

    def __init__(self, folder: Path, step: int, sent: signal.Signals, process: int) -> None:
        self.folder, self.step, self.sent, self.process = folder, step, sent, process
        self.events: list[Event] = []
        self.done = False

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Saved) and event.step >= self.step and not self.done:
            workers_of(self.folder)[self.process].send_signal(self.sent)
            self.done = True


def test_what_moves_is_alive_and_what_does_not_is_silent(tmp_path: Path) -> None:
    pulse = Pulse(tmp_path, 100.0)
    assert pulse.silent_s(130.0) == 30.0
    (tmp_path / HEARTBEAT).touch()
    assert pulse.silent_s(140.0) == 0.0
    assert pulse.silent_s(145.0) == 5.0


def test_a_plan_that_is_no_text_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plan").write_bytes(b"\xff\xfe{")
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        assert main([str(tmp_path / "plan"), str(tmp_path / "training")]) == 2
    finally:
        for number, handler in zip((signal.SIGTERM, signal.SIGINT), handlers, strict=True):
            signal.signal(number, handler)
    assert "is no text in UTF-8" in capsys.readouterr().err


SLOW_TO_MEASURE = """
import sys, time
from resources.learning.distributed.tasks.text import Text
from resources.learning.distributed import worker

measured = Text.scores

def scores(task, model):
    time.sleep(6)
    return measured(task, model)

Text.scores = scores
sys.exit(worker.main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_a_training_that_is_measured_for_long_does_not_count_as_hanging(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_worker.py").write_text(SLOW_TO_MEASURE)
    changed = [
        "slow_worker" if one == "resources.learning.distributed.worker" else one
        for one in launching._arguments(Launch(tiny(), tmp_path), tmp_path)
    ]
    monkeypatch.setattr(launching, "_arguments", lambda *_: changed)
    path = {"PYTHONPATH": f"{tmp_path}:{CHECKOUT}"}
    launch = Launch(tiny(), tmp_path, environment=path)
    assert run(launch, patience=Patience(hang_s=4.0, hangs=0, look_s=0.02))


def test_while_it_stands_still_it_tells_so(tmp_path: Path) -> None:
    assert not stands_still(tmp_path)
    progress = ProgressFile(tmp_path)
    with progress.still():
        assert stands_still(tmp_path)
    assert not stands_still(tmp_path)
    with progress.still():
        ProgressFile(tmp_path)  # of the next start, after a kill
        assert not stands_still(tmp_path)


def test_a_training_goes_on_after_one_of_its_processes_was_killed(tmp_path: Path) -> None:
    kill = Once(tmp_path, 20, signal.SIGKILL, 1)
    lines: list[LogLine] = []
    assert run(Launch(longer(), tmp_path, processes=2), patience=SOON, tell=kill, log=lines.append)
    assert kill.events == told(tmp_path)
    assert len(began(tmp_path)) == 2
    assert began(tmp_path)[1] >= 20
    assert [step for step, _ in losses(tmp_path)] == list(range(2, 121, 2))
    assert is_done(tmp_path)
    assert not workers_of(tmp_path)


@pytest.mark.slow
def test_the_losses_after_a_kill_are_those_without_one_to_the_last_bit(tmp_path: Path) -> None:
    assert run(Launch(longer(), tmp_path / "whole", processes=2), patience=SOON)
    kill = Once(tmp_path / "killed", 40, signal.SIGKILL, 0)
    assert run(Launch(longer(), tmp_path / "killed", processes=2), patience=SOON, tell=kill)
    assert began(tmp_path / "killed")[1] >= 40
    assert losses(tmp_path / "killed") == losses(tmp_path / "whole")


@pytest.mark.slow
def test_one_that_is_killed_too_often_is_told_in_words_and_can_be_started_again(tmp_path: Path) -> None:
    kill = Once(tmp_path, 20, signal.SIGKILL, 0)
    launch = Launch(longer(Parallel.SINGLE), tmp_path, restarts=0)
    with pytest.raises(TrainplatError, match="a process of the training was ended by SIGKILL") as problem:
        run(launch, patience=SOON, tell=kill)
    assert "the kernel did for memory" in problem.value.next_step
    assert run(launch, patience=SOON)
    assert began(tmp_path)[1] >= 20


@pytest.mark.slow
def test_a_hang_is_seen_its_stacks_are_kept_and_the_training_goes_on(tmp_path: Path) -> None:
    hang = Once(tmp_path, 20, signal.SIGSTOP, 1)
    patience = Patience(hang_s=15.0, hangs=5, look_s=0.02)
    assert run(Launch(longer(), tmp_path, processes=2), patience=patience, tell=hang)
    hangs = [event for event in told(tmp_path) if isinstance(event, Hung)]
    assert hangs
    assert hangs[0].goes_on
    assert hangs[0].silent_s > 15
    assert hangs[0].stacks == ("stacks-0.txt", "stacks-1.txt")
    assert "loop.py" in (tmp_path / "stacks-0.txt").read_text(), "the one that waited tells where"
    assert is_done(tmp_path)
    assert not workers_of(tmp_path)


@pytest.mark.slow
def test_one_that_hangs_too_often_is_told_with_where_it_stood(tmp_path: Path) -> None:
    plan = longer(Parallel.SINGLE, steps=100_000)
    hang = Once(tmp_path, 20, signal.SIGSTOP, 0)
    with pytest.raises(TrainplatError, match=r"the training hung 1 times, .* after step \d+") as problem:
        run(Launch(plan, tmp_path), patience=Patience(hang_s=10.0, hangs=0, look_s=0.02), tell=hang)
    assert str(tmp_path / "stacks-0.txt") in problem.value.next_step
    last = told(tmp_path)[-1]
    assert isinstance(last, Hung)
    assert not last.goes_on


@pytest.mark.slow
def test_one_that_is_asked_to_stop_leaves_a_checkpoint_and_goes_on_later(tmp_path: Path) -> None:
    seen: list[Event] = []
    launch = Launch(longer(), tmp_path, processes=2)
    stopped = run(
        launch,
        patience=SOON,
        tell=seen.append,
        is_to_stop=lambda: any(isinstance(event, Point) for event in seen),
    )
    assert not stopped
    assert not is_done(tmp_path)
    assert run(launch, patience=SOON)
    assert 0 < began(tmp_path)[1] < 120
    assert run(Launch(longer(), tmp_path / "whole", processes=2), patience=SOON)
    assert losses(tmp_path) == losses(tmp_path / "whole")


@pytest.mark.slow
def test_another_number_of_processes_in_another_way_goes_on(tmp_path: Path) -> None:
    half = longer(Parallel.FSDP2, steps=40)
    assert run(Launch(half, tmp_path, processes=2), patience=SOON)
    assert run(Launch(longer(Parallel.SINGLE, steps=60), tmp_path), patience=SOON)
    assert began(tmp_path) == [0, 40]
    assert losses(tmp_path)[-1][0] == 60
    assert run(Launch(longer(Parallel.DDP, steps=80), tmp_path, processes=2), patience=SOON)
    assert run(Launch(longer(Parallel.FSDP2, steps=100), tmp_path, processes=2), patience=SOON)
    told_losses = [loss for _, loss in losses(tmp_path)]
    assert (
        told_losses == sorted(told_losses, reverse=True) or told_losses[-1] < told_losses[19] < told_losses[0]
    )


@pytest.mark.slow
def test_every_way_learns_the_same_with_two_processes(tmp_path: Path) -> None:
    plans = {"one": Parallel.SINGLE, "ddp": Parallel.DDP, "fsdp2": Parallel.FSDP2}
    for name, parallel in plans.items():
        for accumulation in (1, 2):
            plan = tiny(parallel=parallel, accumulation=accumulation)
            processes = 1 if parallel is Parallel.SINGLE else 2
            assert run(Launch(plan, tmp_path / f"{name}{accumulation}", processes=processes), patience=SOON)
    first = told(tmp_path / "fsdp21")[0]
    assert isinstance(first, Began)
    assert first.parameters_here <= 0.6 * first.parameters
    whole = tmp_path / "one1"
    for other in tmp_path.iterdir():
        if other.name != "home":
            assert difference(whole, other) < 1e-5, other.name


@pytest.mark.slow
def test_a_plan_that_cannot_be_is_not_started_again(tmp_path: Path) -> None:
    plan = tiny(task=TaskChoice("text", {**TINY, "text": str(tmp_path / "missing.txt")}))
    with pytest.raises(BadInput, match=r"missing\.txt' cannot be read: No such file or directory"):
        run(Launch(plan, tmp_path / "training"), patience=SOON)
    assert not list((tmp_path / "training").rglob("attempt_1"))
    assert not workers_of(tmp_path / "training")


@pytest.mark.slow
def test_the_processes_die_with_whoever_started_them(tmp_path: Path) -> None:
    (tmp_path / "plan").write_text(write_plan(longer(steps=1_000_000)))
    folder = tmp_path / "training"
    starter = subprocess.Popen(
        [
            *(sys.executable, "-m", "resources.learning.distributed", str(tmp_path / "plan"), str(folder)),
            *("--processes", "2"),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: any(isinstance(event, Point) for event in told(folder)))
        workers = workers_of(folder)
        assert len(workers) == 2
    finally:
        starter.kill()
        starter.wait()
    wait_until(lambda: all(is_gone(worker) for worker in workers))


@pytest.mark.slow
def test_the_command_trains_and_stops_when_it_is_asked_to(tmp_path: Path) -> None:
    (tmp_path / "plan").write_text(write_plan(longer(Parallel.SINGLE, steps=1_000_000)))
    folder = tmp_path / "training"
    command = [sys.executable, "-m", "resources.learning.distributed", str(tmp_path / "plan"), str(folder)]
    starter = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: any(isinstance(event, Point) for event in told(folder)))
    finally:
        starter.terminate()
        output = starter.communicate(timeout=120)[0]
    assert starter.returncode == 75
    assert '"kind": "began"' in output
    assert '"done": false' in output.splitlines()[-1]


def wait_until(comes: object) -> None:
    assert callable(comes)
    deadline = time.monotonic() + 200
    while not comes():
        assert time.monotonic() < deadline
        time.sleep(0.05)
