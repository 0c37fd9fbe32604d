"""Who holds something: told from every other process, also one that has its number later."""

import os
import subprocess
from pathlib import Path

from resources.holder import Holder


def test_a_process_that_runs_is_not_dead() -> None:
    assert Holder.current().is_dead() is False
    assert Holder.current() == Holder.of(os.getpid())


def test_one_that_ended_is_dead_also_before_its_parent_asked() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        holder = Holder.of(child.pid)
        assert holder is not None
        assert holder.is_dead() is False
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is kept for its parent
        assert holder.is_dead() is True
        assert Holder.of(child.pid) is None
    assert holder.is_dead() is True


def test_another_process_with_the_same_number_is_not_it() -> None:
    now = Holder.current()
    boot, _, ticks = now.started.partition(":")
    assert Holder(now.host, now.pid, f"{boot}:{int(ticks) - 1}").is_dead() is True
    assert Holder(now.host, now.pid, f"another start of the machine:{ticks}").is_dead() is True


def test_nobody_knows_of_one_on_another_machine() -> None:
    now = Holder.current()
    assert Holder(f"not-{now.host}", now.pid, now.started).is_dead() is None


def test_a_name_with_spaces_and_parentheses_is_read(tmp_path: Path) -> None:
    program = tmp_path / "odd ) (name"
    program.symlink_to("/bin/cat")
    with subprocess.Popen([program], stdin=subprocess.PIPE) as child:
        found = Holder.of(child.pid)
        assert found is not None
        assert found.started.rpartition(":")[2].isdigit()
        child.kill()
