"""A training goes on with fewer processes where a device is lost, within the bounds of its plan."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import BadInput, TrainplatError
from resources.learning.distributed.elastic import AGAIN, devices_of, fewer, on, usable
from resources.learning.distributed.endings import first_to_die
from resources.learning.distributed.launching import AGENT_LOG, Launch
from resources.learning.distributed.plan import Parallel, TaskChoice
from resources.learning.distributed.progress import Began, Shrunk
from resources.learning.distributed.watching import Patience, run
from tests.house.modules import CHECKOUT
from tests.resources.learning.distributed.plans import TINY, is_done, losses, tiny, told

FOUR = ("0", "1", "2", "3")
ELASTIC = tiny(parallel=Parallel.DDP, least_processes=1)

LOST = '''
import os, signal
from pathlib import Path
from resources.learning.distributed.tasks.settings import TextSettings
from resources.learning.distributed.tasks.text import Text

class Lost(Text):
    """Its second process is killed after some steps, and whenever it comes back."""

    def __init__(self, settings: TextSettings) -> None:
        super().__init__(settings)
        self.steps = 0

    def loss(self, model, batch):
        self.steps += 1
        gone = Path(__file__).with_name("gone")
        if os.environ.get("LOCAL_RANK") == "1" and (self.steps > 9 or gone.exists()):
            gone.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().loss(model, batch)
'''


@given(st.integers(1, 4), st.sets(st.sampled_from(FOUR)), st.lists(st.integers(0, 3), max_size=4))
def test_it_goes_on_with_devices_that_can_be_used_and_batches_that_divide(
    least: int, can: set[str], deaths: list[int]
) -> None:
    plan = tiny(parallel=Parallel.DDP, least_processes=least)
    try:
        found = fewer(plan, FOUR, frozenset(can), deaths)
    except TrainplatError:
        assert least > min(len(can), 2)
        return
    if found is None:
        assert can == set(FOUR)
        assert len(deaths) < AGAIN or deaths[-1] != deaths[-2]
        return
    assert set(found.devices) <= can
    assert least <= len(found.devices) < len(FOUR)
    assert plan.batch_size % len(found.devices) == 0


def test_the_device_that_a_process_dies_on_again_and_again_is_left_out() -> None:
    every = frozenset(FOUR)
    assert fewer(ELASTIC, FOUR, every, [1, 2]) is None
    found = fewer(ELASTIC, FOUR, every, [3, 1, 1])
    assert found is not None
    assert found.devices == ("0", "2")  # eight samples cannot be divided among three
    assert "process 1 of 4 died 2 times in a row" in found.why
    assert fewer(ELASTIC, FOUR, every, [None, None]) is None


def test_what_cannot_go_on_is_told_with_what_was_asked_for() -> None:
    with pytest.raises(TrainplatError, match="of 4 devices 1 can be used, and it cannot go on with 1"):
        fewer(tiny(parallel=Parallel.DDP, least_processes=2), FOUR, frozenset({"2"}), [])


def test_gpus_are_named_as_the_run_sees_them(tmp_path: Path) -> None:
    launch = Launch(ELASTIC, tmp_path, 2, "cuda", environment={"CUDA_VISIBLE_DEVICES": "3,5"})
    assert devices_of(launch) == ("3", "5")
    left = on(launch, ("5",))
    assert (left.processes, left.environment["CUDA_VISIBLE_DEVICES"]) == (1, "5")
    assert usable(Launch(ELASTIC, tmp_path, 2)) == {"0", "1"}


def test_a_start_outside_the_bounds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="1 processes were asked for; the plan has from 2 to"):
        Launch(tiny(parallel=Parallel.DDP, least_processes=2), tmp_path)
    with pytest.raises(BadInput, match="most_processes of the training is 1; expected at least the 2"):
        tiny(least_processes=2, most_processes=1)
    with pytest.raises(BadInput, match="least_processes of the training is 1; expected nothing where"):
        tiny(parallel=Parallel.ZERO2, least_processes=1)


def test_the_one_that_was_killed_is_the_first_to_die(tmp_path: Path) -> None:
    assert first_to_die(tmp_path) is None
    table = "Failures:\n  rank : 1 (local_rank: 1)\n  exitcode : -9 (pid: 7)\nRoot Cause:\n"
    (tmp_path / AGENT_LOG).write_text(table + "  rank : 0 (local_rank: 0)\n  exitcode : 1 (pid: 6)\n")
    assert first_to_die(tmp_path) == 1


@pytest.mark.slow
def test_one_that_cannot_come_back_is_left_out_and_each_step_is_done_once(tmp_path: Path) -> None:
    (tmp_path / "lost_device.py").write_text(LOST)
    folder = tmp_path / "training"
    plan = tiny(task=TaskChoice("lost_device:Lost", TINY), parallel=Parallel.DDP, steps=20, least_processes=1)
    path = {"PYTHONPATH": f"{tmp_path}:{CHECKOUT}"}
    assert run(Launch(plan, folder, processes=2, environment=path), patience=Patience(look_s=0.02))
    assert is_done(folder)
    assert [step for step, _ in losses(folder)] == list(range(2, 21, 2))
    starts = [one for one in told(folder) if isinstance(one, Began)]
    assert [one.processes for one in starts] == [2, 2, 1]
    assert 4 <= starts[1].step == starts[2].step <= 8  # whichever checkpoint was whole by then
    (shrunk,) = [one for one in told(folder) if isinstance(one, Shrunk)]
    assert (shrunk.processes, shrunk.processes_before) == (1, 2)
    assert "process 1 of 2 died 2 times in a row" in shrunk.why
