"""ZeRO by DeepSpeed, which is installed apart: these run where it is."""

import signal
from importlib.util import find_spec
from pathlib import Path

import pytest

from resources.errors import BadInput, TrainplatError
from resources.learning.distributed import launching
from resources.learning.distributed.launching import Launch
from resources.learning.distributed.plan import Parallel, Plan
from resources.learning.distributed.progress import Began
from resources.learning.distributed.watching import Patience, run
from tests.resources.learning.distributed.plans import began, difference, is_done, losses, tiny, told
from tests.resources.learning.distributed.test_watching import Once

SOON = Patience(look_s=0.1)
WAYS = [Parallel.ZERO1, Parallel.ZERO2, Parallel.ZERO3]
installed = pytest.mark.skipif(find_spec("deepspeed") is None, reason="DeepSpeed is an extra")


def train(plan: Plan, folder: Path, processes: int = 2) -> None:
    """To its end."""
    assert run(Launch(plan, folder, processes=processes), patience=SOON)
    assert is_done(folder)


@pytest.mark.parametrize("way", WAYS)
def test_without_deepspeed_the_plan_is_refused_with_how_to_install_it(
    way: Parallel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "find_spec", lambda _: None)
    with pytest.raises(BadInput, match=f"parallel is {way}, which takes DeepSpeed") as problem:
        Launch(tiny(parallel=way), tmp_path, processes=2)
    assert "pip install --no-build-isolation 'trainplat[deepspeed]'" in problem.value.next_step


@pytest.mark.parametrize("changes", [{"precision": "fp16"}, {"compile": True}])
def test_what_it_cannot_do_is_refused_by_its_field(changes: dict[str, object]) -> None:
    (name,) = changes
    with pytest.raises(BadInput, match=f"{name} of the training is"):
        tiny(parallel=Parallel.ZERO2, **changes)


@installed
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("way", WAYS)
def test_it_has_the_losses_of_ddp_and_goes_on_after_a_kill_to_the_last_bit(
    way: Parallel, tmp_path: Path
) -> None:
    train(tiny(parallel=Parallel.DDP, steps=60, accumulation=2), tmp_path / "ddp")
    plan = tiny(parallel=way, steps=60, accumulation=2, checkpoint_every_steps=10)
    train(plan, tmp_path / "whole")
    assert difference(tmp_path / "whole", tmp_path / "ddp") < 1e-5
    (start,) = [one for one in told(tmp_path / "whole") if isinstance(one, Began)]
    if way is Parallel.ZERO3:
        assert start.parameters_here <= 0.6 * start.parameters
    kill = Once(tmp_path / "killed", 10, signal.SIGKILL, 1)
    assert run(Launch(plan, tmp_path / "killed", processes=2), patience=SOON, tell=kill)
    assert began(tmp_path / "killed")[1] >= 10
    assert losses(tmp_path / "killed") == losses(tmp_path / "whole")


@installed
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_another_way_finetunes_what_it_trained_but_does_not_go_on_with_it(tmp_path: Path) -> None:
    train(tiny(parallel=Parallel.ZERO3), tmp_path / "first")
    with pytest.raises(TrainplatError, match="zero3 0 of 2, zero3 1 of 2; expected an optimizer of torch"):
        run(Launch(tiny(parallel=Parallel.DDP, steps=20), tmp_path / "first", processes=2), patience=SOON)
    start = str(tmp_path / "first" / "checkpoints" / "step-00000012")
    train(tiny(start_from=start), tmp_path / "then", processes=1)
    train(tiny(parallel=Parallel.ZERO1, start_from=start), tmp_path / "zero")
    assert losses(tmp_path / "then")[0][1] < losses(tmp_path / "first")[0][1]
    assert difference(tmp_path / "then", tmp_path / "zero") < 1e-5
