"""A process that is asked to make room."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from resources import making_room

ASKED = """
import os
from resources import making_room
making_room.prepare()
os.kill(os.getpid(), making_room.SIGNAL)
with making_room.listening() as is_asked:
    assert not is_asked(), "what came before is forgotten"
    os.kill(os.getpid(), making_room.SIGNAL)
    assert is_asked()
os.kill(os.getpid(), making_room.SIGNAL)
making_room.leave()
"""


@pytest.fixture
def prepared() -> Iterator[None]:
    """Prepare the process of the tests as a run's own."""
    before = signal.getsignal(making_room.SIGNAL)
    making_room.prepare()
    yield
    signal.signal(making_room.SIGNAL, before)


def test_one_that_listens_knows_that_it_was_asked_and_leaves_with_its_own_code() -> None:
    done = subprocess.run([sys.executable, "-c", ASKED], check=False)
    assert done.returncode == making_room.MADE_ROOM


def test_one_that_is_no_runs_own_keeps_its_signal() -> None:
    before = signal.getsignal(making_room.SIGNAL)
    with making_room.listening() as is_asked:
        assert signal.getsignal(making_room.SIGNAL) is before
        assert not is_asked()


@pytest.mark.usefixtures("prepared")
def test_only_the_main_thread_listens() -> None:
    told = []

    def listen() -> None:
        with making_room.listening() as is_asked:
            os.kill(os.getpid(), making_room.SIGNAL)
            told.append(is_asked())

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert told == [False]
