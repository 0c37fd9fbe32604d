from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from resources.files import write_atomically
from resources.home import Home
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
    assert app.selectbox[-1].options == ["speech", "vision"] or "speech" in app.selectbox[0].options


def test_a_machine_on_which_nobody_made_room_says_what_would_do_so(
    open_page: OpenPage, filled_home: Home
) -> None:
    app = open_page("preemptions")
    assert "No run has made room yet" in words(app)
    assert "trainplat gpu history" in [code.value for code in app.code]
