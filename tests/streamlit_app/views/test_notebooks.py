from collections.abc import Callable
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from resources.clock import utc_now
from resources.gpu.model import Origin, Owner, RunId
from resources.gpu.service import GpuService
from resources.home import Home
from resources.notebooks import background, store
from resources.notebooks.model import Notebook, Wanted
from resources.notebooks.service import INSTANCE, NotebookService
from resources.process import ProcessIdentity
from resources.terms import Actor
from resources.users import current_user
from streamlit_app.views import notebooks
from tests.streamlit_app.conftest import words

OpenPage = Callable[..., AppTest]
OWNER = Owner("vision", "ann")


def a_notebook() -> Notebook:
    now = utc_now()
    return Notebook(
        id=RunId("0a1b2c3d-notebook"),
        owner=OWNER,
        request="1",
        devices=("cpu:0",),
        folder="work/ann",
        address="http://127.0.0.1:1/lab?token=t",
        opened_at=now,
        until=now + timedelta(hours=8),
        idle_s=3600,
        server=ProcessIdentity.current(),
    )


def test_notebooks_that_run_and_wait_are_listed_and_can_be_closed(
    open_page: OpenPage, filled_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(filled_home, a_notebook())
    me = ProcessIdentity.current()
    GpuService(filled_home.database()).submit(
        RunId("ffffffff-notebook"),
        "2",
        owner=OWNER,
        origin=Origin.DIRECT,
        instance=INSTANCE,
        actor=Actor("user:ann"),
        holder=me,
    )
    closed: list[tuple[str, str, bool]] = []
    monkeypatch.setattr(
        NotebookService, "stop", lambda _, one, *, user, is_operator: closed.append((one, user, is_operator))
    )
    app = open_page("notebooks")
    assert [one.value for one in app.text] == ["cpu:0 · vision · ann", "2 · vision · ann"]
    for name in ("0a1b2c3d-notebook", "ffffffff-notebook"):
        app.button(key=f"close-{name}").click().run()
    me_here = current_user(), True
    assert closed == [("0a1b2c3d-notebook", *me_here), ("ffffffff-notebook", *me_here)]


def test_the_button_begins_a_notebook(
    open_page: OpenPage, filled_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Wanted] = []
    monkeypatch.setattr(notebooks, "begin", lambda _, wanted: begun.append(wanted))
    monkeypatch.setattr(background, "begin", lambda _, wanted: begun.append(wanted))
    app = open_page("notebooks")
    assert "No notebook runs." in words(app)
    app.text_input[1].set_value("vision")
    next(one for one in app.button if one.label == "Open a notebook").click().run()
    assert [(one.request, one.owner.project, one.for_s, one.idle_s) for one in begun] == [
        ("1", "vision", 28800, 3600)
    ]


def test_a_request_that_cannot_be_met_is_refused_with_the_reason(
    open_page: OpenPage, filled_home: Home
) -> None:
    app = open_page("notebooks")
    app.text_input[0].set_value("99")
    next(one for one in app.button if one.label == "Open a notebook").click().run()
    assert "asks for 99 devices" in app.error[0].value
