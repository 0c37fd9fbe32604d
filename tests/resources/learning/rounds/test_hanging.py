"""A training in this process that stands still."""

import threading
from pathlib import Path

import pytest

from resources.learning.distributed.progress import HEARTBEAT, PROGRESS, Hung, read_progress, stacks_name
from resources.learning.distributed.watching import Patience
from resources.learning.rounds.hanging import watched
from resources.learning.rounds.telling import Length, Telling

SOON = Patience(hang_s=0.2, start_s=0.2, hangs=2)


def begun(folder: Path) -> Telling:
    telling = Telling(folder)
    telling.began(Length(2, 4), 0, processes=1, device="cpu", parameters=5, memory_mib=lambda: 1.0)
    return telling


@pytest.mark.parametrize(("before", "goes_on"), [(0, True), (1, True), (2, False)])
def test_it_is_told_with_the_stacks_of_its_threads_and_given_up(
    tmp_path: Path, before: int, goes_on: bool
) -> None:
    given_up, hung = threading.Event(), list[Hung]()

    def give_up(event: Hung) -> None:
        hung.append(event)
        given_up.set()

    def stands_still_here() -> None:
        assert given_up.wait(60)

    with watched(begun(tmp_path), SOON, before, give_up):
        stands_still_here()

    assert read_progress(tmp_path)[0][-1:] == hung
    assert hung[0].goes_on is goes_on
    assert hung[0].silent_s >= SOON.hang_s
    assert "in stands_still_here" in (tmp_path / hung[0].stacks[0]).read_text()


@pytest.mark.parametrize("name", [HEARTBEAT, PROGRESS, stacks_name(0)])
def test_it_is_given_up_where_its_folder_can_be_read_or_written_no_more(tmp_path: Path, name: str) -> None:
    telling, given_up = begun(tmp_path), threading.Event()
    telling.steps_begun = True
    (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / name).mkdir()

    with watched(telling, SOON, 0, lambda _: given_up.set()):
        assert given_up.wait(60)
