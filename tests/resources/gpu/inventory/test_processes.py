import os

import psutil

from resources.gpu.inventory.processes import device_process


def test_a_process_is_known_by_its_user_and_start() -> None:
    me = psutil.Process()
    found = device_process(os.getpid(), 12)
    assert (found.pid, found.user, found.memory_mib) == (os.getpid(), me.username(), 12)
    assert found.started_at is not None
    assert found.started_at.timestamp() == me.create_time()


def test_a_process_that_cannot_be_seen_has_no_user() -> None:
    found = device_process(2**22 - 1, None)
    assert (found.user, found.memory_mib, found.started_at) == (None, None, None)
    assert device_process(2**40, 1).user is None
