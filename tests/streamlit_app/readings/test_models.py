"""Why something is live, whatever happened, and what a server tells."""

import csv
import io
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.errors import TrainplatError, Unavailable
from resources.home import Home
from resources.serving.deployments.model import EventKind
from resources.serving.references import parse_reference
from resources.terms import DatasetName
from streamlit_app.readings.model_server import read_model_server, server_of
from streamlit_app.readings.models import as_csv, because
from tests.resources.serving.examples import ACTOR, deployments, register

COUNT = count()
ACTS = ("promote 1", "promote 2", "promote 3", "advance", "complete", "abort", "rollback", "stop")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("because") / "home"


@pytest.mark.slow
@given(acts=st.lists(st.sampled_from(ACTS), max_size=8))
@settings(max_examples=15, deadline=None)
def test_what_is_live_is_so_since_the_event_that_is_named_and_was_not_before(
    home: Path, acts: list[str]
) -> None:
    service = deployments(home, ())
    name = DatasetName(f"set_{next(COUNT)}")
    register(service.database, (1, 2, 3), name)
    for act in acts:
        with suppress(TrainplatError):
            if act.startswith("promote"):
                service.promote(parse_reference(f"{name}:{act[-1]}"), ACTOR, act)
            elif act in ("rollback", "stop"):
                getattr(service, act)(name, ACTOR)
            elif (rollout := service.state(name).rollout) is not None:
                getattr(service, act)(rollout, ACTOR, act)
    events = service.history(name)
    why, live = because(events), service.state(name).live
    assert (why is None) == (live is None)
    if why is None:
        return
    after = [one.after.live for one in events[events.index(why.since) :]]
    before = events[: events.index(why.since)]
    assert set(after) == {live}
    assert not before or before[-1].after.live != live
    assert why.begun.id <= why.since.id
    assert why.begun.kind in (EventKind.PROMOTED, EventKind.ROLLED_BACK, EventKind.STOPPED)


def test_a_history_can_be_read_by_a_spreadsheet(trainplat_home: Path) -> None:
    service = deployments(trainplat_home)
    service.promote(parse_reference("digits:1"), ACTOR, 'she said "yes", at last')
    (row,) = csv.DictReader(io.StringIO(as_csv(service.history())))
    assert (row["what"], row["model"], row["live"]) == ("promoted", "1", "1")
    assert row["why"] == 'she said "yes", at last'


def test_a_home_without_a_server_says_what_to_start(trainplat_home: Path) -> None:
    silent = read_model_server(Home(trainplat_home))
    assert isinstance(silent, Unavailable)
    assert "no model server runs" in silent.problem
    assert silent.next_step


def test_what_a_server_tells_is_read() -> None:
    counted = {"requests": 10, "errors": 1, "p50_ms": 1.5, "p99_ms": None}
    copy = {"pid": 7, "memory_bytes": 1024, "ready_after_s": 1.0, "busy_for_s": 0.0}
    loaded = {
        "reference": "digits:2",
        "state": "READY",
        "reason": "",
        "wanted": 1,
        "starting": 0,
        "waiting": 3,
    }
    told = {
        "endpoints": {
            "digits": {"counts": {"live": counted, "new": counted}, "compared": 4, "disagreed": 2},
        },
        "models": [loaded | {"replicas": [copy]}],
        "problem": None,
    }
    server = server_of(told)
    assert server.routed["digits"].new.requests == 10
    assert server.is_ready("digits:2")
    assert not server.is_ready("digits:1")
    assert server.loaded[0].copies[0].pid == 7
