from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from resources.gpu.model import Origin, Owner, RunId
from resources.gpu.service import GpuService
from resources.gpu.tables import REQUESTS
from resources.home import Home
from tests.streamlit_app import homes
from tests.streamlit_app.conftest import words

OpenPage = Callable[..., AppTest]


def test_the_queue_says_what_was_asked_what_it_means_and_why_it_waits(
    open_page: OpenPage, filled_home: Home
) -> None:
    shown = words(open_page("queue"))
    assert "2 devices of any kind" in shown
    assert "Waits for 2 device(s), 1 free" in shown
    assert "is kept for run 17bb3c21" in shown
    assert shown.index(homes.LARGE[:8]) < shown.index(homes.SMALL[:8])


def test_a_chinese_reader_reads_whole_sentences_of_why_a_run_waits(
    open_page: OpenPage, filled_home: Home
) -> None:
    shown = words(open_page("queue", locale="zh-CN"))
    assert "等待 2 个设备，空闲 1 个；占用者：vision 的运行 9e2fd6aa (cpu:0)。" in shown
    assert "Waits for" not in shown


def test_a_row_of_an_earlier_release_shows_the_rule_above_the_sentence_that_is_kept(
    open_page: OpenPage, filled_home: Home
) -> None:
    with filled_home.database().write() as connection:
        connection.execute(update(REQUESTS).values(reason_values=None))
    shown = words(open_page("queue", locale="zh-CN"))
    assert '所需设备正在使用中。<div class="tp-small" lang="en">Waits for 2 device(s), 1 free' in shown


def test_a_request_that_was_not_decided_on_yet_says_so(open_page: OpenPage, filled_home: Home) -> None:
    GpuService(filled_home.database()).submit(
        RunId("newest"),
        "1",
        owner=Owner("vision", "mara"),
        origin=Origin.QUEUE,
        instance="here",
        actor=homes.TESTER,
    )
    assert "The arbiter has not looked at it yet." in words(open_page("queue"))


def test_runs_stand_in_the_order_in_which_the_arbiter_looks_at_them(
    open_page: OpenPage, shared: Home
) -> None:
    shown = words(open_page("queue"))
    assert "In the order in which the arbiter looks at them" in shown
    # The later one comes first: its project uses less than it is owed.
    assert shown.index("d1d1d1d1") < shown.index("b3b3b3b3")
    assert "priority 5, at most 1 h, 2 CPU(s)" in shown


def test_the_line_of_one_project_can_be_looked_at(open_page: OpenPage, shared: Home) -> None:
    app = open_page("queue")
    app.selectbox(key="project").set_value("speech").run()
    shown = words(app)
    assert "b3b3b3b3" in shown
    assert "d1d1d1d1" not in shown


def test_a_request_is_read_while_it_is_typed_and_its_mistake_is_pointed_at(
    open_page: OpenPage, shared: Home
) -> None:
    app = typed(open_page("queue"), "2(V100")
    assert "2(V100\n      ^" in [code.value for code in app.code]
    assert app.error[0].value.startswith("Position 7: expected")
    assert button(app, "Simulate").disabled
    app = typed(app, "8G,0.5")
    assert "Means: 0.5 of one device, 8 GiB each." in words(app)
    assert not app.error


def test_a_mistake_in_a_request_is_told_in_the_readers_language(open_page: OpenPage, shared: Home) -> None:
    app = typed(open_page("queue", locale="zh-CN"), "2(V100")
    assert app.error[0].value == "位置 7：应为 ',' 和型号，或 ')'。"


def test_a_simulation_says_what_would_happen_and_writes_nothing(open_page: OpenPage, shared: Home) -> None:
    before = GpuService(shared.database()).newest_decisions()
    app = typed(open_page("queue"), "1")
    app.selectbox(key="ask-project").set_value("speech").run()
    button(app, "Simulate").click().run()
    assert not app.exception
    shown = words(app)
    assert "It would wait." in shown
    assert "This is above what speech is owed" in shown
    assert GpuService(shared.database()).newest_decisions() == before


def test_a_simulation_of_what_would_be_refused_says_why(open_page: OpenPage, shared: Home) -> None:
    app = typed(open_page("queue"), "40")
    app.selectbox(key="ask-project").set_value("speech").run()
    button(app, "Simulate").click().run()
    assert app.error[0].value.startswith("It would be refused: ")


def typed(app: AppTest, text: str) -> AppTest:
    app.text_input(key="ask").set_value(text).run()
    return app


def button(app: AppTest, label: str) -> Any:
    return next(one for one in app.button if one.label == label)


def test_an_idle_machine_says_so(open_page: OpenPage, trainplat_home: object) -> None:
    home = Home.from_environment()
    homes.add_versions(home, home.database(), datetime.now(UTC))
    shown = words(open_page("queue"))
    assert "Nobody waits." in shown
    assert "trainplat/gpu" in shown
