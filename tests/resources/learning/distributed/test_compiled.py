"""torch.compile, on CPUs: with a C++ compiler that is there."""

import shutil
from pathlib import Path

import pytest

from resources.learning.distributed.launching import Launch
from resources.learning.distributed.plan import Parallel
from resources.learning.distributed.watching import Patience, run
from tests.resources.learning.distributed.plans import difference, is_done, tiny

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(shutil.which("c++") is None, reason="torch.compile needs a C++ compiler"),
]
SOON = Patience(look_s=0.1)


@pytest.mark.parametrize(("way", "processes"), [(Parallel.SINGLE, 1), (Parallel.DDP, 2), (Parallel.FSDP2, 2)])
def test_a_compiled_model_has_the_losses_of_one_that_is_not(
    way: Parallel, processes: int, tmp_path: Path
) -> None:
    plain, compiled = tiny(parallel=way), tiny(parallel=way, compile=True)
    assert run(Launch(plain, tmp_path / "plain", processes=processes), patience=SOON)
    assert run(Launch(compiled, tmp_path / "compiled", processes=processes), patience=SOON)
    assert is_done(tmp_path / "compiled")
    assert difference(tmp_path / "plain", tmp_path / "compiled") < 1e-5
