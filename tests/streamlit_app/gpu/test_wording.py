"""How leases, and those for whom they make room, are called on the pages."""

from datetime import UTC, datetime

import pytest

from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import Attempt, Lease, LeaseState, Origin, Owner, RunId
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.vendor_file import home_vendors
from streamlit_app.gpu.wording import called, stop_in_words, whom_in_words

RUN = RunId("9f0c1a2b-5d6e-4c3b-8a7f-001122334455")


def same(text: str) -> str:
    return text


@pytest.mark.parametrize(
    ("run", "name"),
    [
        (RUN, "9f0c1a2b"),
        (RunId("lease:long-lived-probe"), "long-lived-probe"),
        (RunId("b-notebook"), "b-notebo"),
    ],
)
def test_a_run_is_called_by_the_beginning_of_its_id_and_a_lease_by_its_name(run: RunId, name: str) -> None:
    assert called(run) == name


@pytest.mark.parametrize(
    ("whom", "words"),
    [
        (RUN, "run 9f0c1a2b"),
        (RunId("lease:probe"), "lease probe"),
        (RunId("reservation:demo"), "reservation demo"),
        (RunId("drain:cuda:1"), "the drain of cuda:1"),
        (RunId("device:cuda:1"), "cuda:1, which is out of order"),
    ],
)
def test_whatever_something_makes_room_for_is_told_in_whole_words(whom: RunId, words: str) -> None:
    assert whom_in_words(whom, same) == words


@pytest.mark.parametrize(
    ("stop_for", "words"),
    [
        (None, ""),
        (RUN, "makes room for run 9f0c1a2b"),
        (RunId("lease:probe"), "makes room for lease probe"),
        (RunId("drain:cuda:1"), "makes room because cuda:1 is drained"),
        (RunId("device:cuda:1"), "stops because cuda:1 is out of order"),
        (RunId("overuse:U2"), "is stopped: U2: It has too much."),
    ],
)
def test_a_lease_that_is_to_end_says_for_whom_or_for_what(stop_for: RunId | None, words: str) -> None:
    lease = Lease(
        RUN,
        Attempt(1),
        (DeviceId("cpu:0"),),
        parse_request("1", home_vendors()),
        Owner("vision", "ann"),
        Origin.QUEUE,
        "x",
        LeaseState.CLAIMED,
        datetime(2026, 1, 1, tzinfo=UTC),
        stop_for=stop_for,
        stop_reason="U2: It has too much.",
    )
    assert stop_in_words(lease, same) == words
