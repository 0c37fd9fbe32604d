from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from resources.files import write_atomically
from resources.gpu.model import Origin, Owner, RunId
from resources.gpu.service import GpuService
from resources.home import Home
from tests.streamlit_app import homes
from tests.streamlit_app.conftest import words

OpenPage = Callable[..., AppTest]


def test_each_device_shows_who_holds_it_and_for_how_long(open_page: OpenPage, filled_home: Home) -> None:
    shown = words(open_page("devices"))
    for text in ("cpu:0", "cpu:1", "in use", "free", "vision · mara", homes.HOLDER[:8], "4 min"):
        assert text in shown


def test_the_queue_says_what_was_asked_what_it_means_and_why_it_waits(
    open_page: OpenPage, filled_home: Home
) -> None:
    shown = words(open_page("devices"))
    assert "2 devices of any kind" in shown
    assert "Waits for 2 device(s), 1 free" in shown
    assert "is kept for run 17bb3c21" in shown
    assert shown.index(homes.LARGE[:8]) < shown.index(homes.SMALL[:8])


def test_past_leases_are_listed_and_can_be_downloaded(open_page: OpenPage, filled_home: Home) -> None:
    app = open_page("devices")
    assert "the run ended" in words(app)
    assert "48 s" in words(app)
    assert [button.label for button in app.download_button] == ["Download as CSV"]


def test_a_chinese_reader_reads_why_a_run_waits_above_the_sentence_that_is_kept(
    open_page: OpenPage, filled_home: Home
) -> None:
    shown = words(open_page("devices", locale="zh-CN"))
    assert '所需设备正在使用中。<div class="tp-small" lang="en">Waits for 2 device(s), 1 free' in shown
    assert (
        '空闲设备留给了更早的申请。<div class="tp-small" lang="en">Waits for 1 device(s): what is free'
        in shown
    )


def test_a_chinese_reader_reads_why_a_lease_ended(open_page: OpenPage, filled_home: Home) -> None:
    shown = words(open_page("devices", locale="zh-CN"))
    assert "运行已结束" in shown
    assert "the run ended" not in shown


def test_a_request_that_was_not_decided_on_yet_says_so(open_page: OpenPage, filled_home: Home) -> None:
    GpuService(filled_home.database()).submit(
        RunId("newest"),
        "1",
        owner=Owner("vision", "mara"),
        origin=Origin.QUEUE,
        instance="here",
        actor=homes.TESTER,
    )
    assert "The arbiter has not looked at it yet." in words(open_page("devices"))


def test_runs_link_to_the_dagster_ui_where_it_is_known(open_page: OpenPage, filled_home: Home) -> None:
    write_atomically(filled_home.addresses_file, '{"dagster": "http://127.0.0.1:1/"}')
    assert f'href="http://127.0.0.1:1/runs/{homes.HOLDER}"' in words(open_page("devices"))


def test_an_idle_machine_says_so(open_page: OpenPage, trainplat_home: object) -> None:
    home = Home.from_environment()
    homes.add_versions(home, home.database(), datetime.now(UTC))
    shown = words(open_page("devices"))
    assert "Nobody waits." in shown
    assert "No lease has ended yet." in shown


def test_devices_that_cannot_be_listed_say_what_to_do(
    open_page: OpenPage, filled_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "many")
    error = open_page("devices").error[0].value
    assert "TRAINPLAT_CPU_SLOTS is 'many'" in error
    assert "Next: Set TRAINPLAT_CPU_SLOTS" in error
