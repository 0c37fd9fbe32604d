from collections.abc import Callable
from datetime import UTC, datetime

from streamlit.testing.v1 import AppTest

from resources.files import write_atomically
from resources.home import Home
from streamlit_app import wording
from streamlit_app.readings.preemptions import read_preemptions, waited_s
from tests.streamlit_app import shared_home
from tests.streamlit_app.conftest import words

OpenPage = Callable[..., AppTest]


def test_each_run_that_made_room_is_shown_with_for_whom_why_and_when_it_went_on(
    open_page: OpenPage, shared: Home
) -> None:
    write_atomically(shared.addresses_file, '{"dagster": "http://127.0.0.1:1/"}')
    shown = words(open_page("preemptions"))
    for text in ("b2b2b2b2", "b3b3b3b3", "speech · jun", "vision · mara", ">P1<", "not yet"):
        assert text in shown
    assert "vision is owed 1 device(s), and takes back what speech borrowed" in shown
    assert f'href="http://127.0.0.1:1/runs/{shared_home.BACK}"' in shown


def test_one_project_can_be_looked_at(open_page: OpenPage, shared: Home) -> None:
    app = open_page("preemptions")
    assert app.selectbox(key="project").options == ["speech", "vision"]
    app.selectbox(key="project").set_value("speech").run()
    assert "b2b2b2b2" in words(app)


def test_the_median_wait_is_that_of_the_runs_that_have_gone_on(open_page: OpenPage, shared: Home) -> None:
    stops = read_preemptions(shared, shared.database()).stops
    [back] = [one for one in stops if one.resumed_at is not None]
    assert len(stops) > 1
    waited = waited_s(back, datetime.now(UTC))
    assert waited is not None
    shown = {one.label: one.value for one in open_page("preemptions").metric}
    assert shown["Median wait until it went on"] == wording.duration(waited, lambda text: text)
    assert shown["Not yet gone on"] == f"{len(stops) - 1}"


def test_a_machine_on_which_nobody_made_room_says_what_would_do_so(
    open_page: OpenPage, filled_home: Home
) -> None:
    app = open_page("preemptions")
    assert "No run has made room yet" in words(app)
    assert "trainplat gpu history" in [code.value for code in app.code]
