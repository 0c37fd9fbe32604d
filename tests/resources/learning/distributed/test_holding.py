"""One start at a time in the folder of a training."""

import subprocess
import sys
from pathlib import Path

import pytest

from resources.errors import BadInput, Conflict
from resources.learning.distributed.holding import held
from resources.learning.distributed.launching import Launch
from resources.learning.distributed.watching import run
from tests.resources.learning.distributed.plans import tiny

HOLD = """
import sys, time
from pathlib import Path
from resources.learning.distributed.holding import held

with held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_who_comes_second_is_told_who_trains_there_and_a_kill_frees_the_folder(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Conflict, match=f"under way already, started by process {holder.pid}") as problem:
            run(Launch(tiny(), tmp_path))
        assert "or name another folder" in problem.value.next_step
        assert not list(tmp_path.glob("*.log")), "nothing was started"
    finally:
        holder.kill()
        holder.communicate()
    with held(tmp_path):
        pass


def test_what_can_be_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in ("file", "file/training"):
        with pytest.raises(BadInput, match=f"{place} cannot be written to"), held(tmp_path / place):
            pass


def test_one_after_the_other_and_in_folders_of_their_own_they_do_not_meet(tmp_path: Path) -> None:
    for _ in range(2):
        with held(tmp_path / "a"), held(tmp_path / "b"):
            pass
