from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

from resources.database.audit import recent
from resources.gpu.policy.quota_file import completed
from resources.gpu.policy.quota_model import QuotaRow, QuotaRows, project
from resources.gpu.policy.quota_table import TableRow, rows_of
from resources.gpu.service import GpuService
from resources.home import Home
from streamlit_app.gpu import quota_editor
from tests.streamlit_app import homes, shared_home
from tests.streamlit_app.conftest import words

OpenPage = Callable[..., AppTest]


def test_bars_say_what_is_used_owed_borrowed_and_lent(open_page: OpenPage, shared: Home) -> None:
    shown = words(open_page("quotas"))
    assert "project speech: used 2, owed 1, borrowed 1, lent –, limit 3" in shown
    assert "project vision: used 1.75, owed 3, borrowed –, lent 1, limit 4" in shown
    assert "project vision: used 0 GiB, owed 64 GiB" in shown
    assert shown.count("tp-bar-borrowed") >= 2


def test_without_quotas_the_page_says_how_to_set_some(open_page: OpenPage, filled_home: Home) -> None:
    app = open_page("quotas")
    assert "No quota is set" in words(app)
    assert button(app, "Edit")


def test_a_preview_says_who_would_make_room_before_anything_is_written(
    open_page: OpenPage, shared: Home
) -> None:
    before = stored(shared)
    app = edit(open_page, TableRow("project", "vision", resource="*", nominal="4"))
    button(app, "Preview").click().run()
    shown = words(app)
    assert "What this would change" in shown
    assert "3 → 4" in shown or ">4<" in shown
    assert stored(shared) == before
    assert button(app, "Set these quotas").disabled


def test_quotas_are_set_by_a_person_who_has_read_what_changes(open_page: OpenPage, shared: Home) -> None:
    app = edit(open_page, TableRow("project", "vision", resource="*", nominal="2.5"))
    button(app, "Preview").click().run()
    app.checkbox[0].check().run()
    button(app, "Set these quotas").click().run()
    assert not app.exception
    assert stored(shared).quotas == (QuotaRow(project("vision"), nominal=2500),)
    (row,) = [one for one in recent(shared.database(), limit=1) if one.action == "gpu.set_quotas"]
    assert row.actor.startswith("user:")
    assert button(app, "Edit")


def test_a_bad_row_is_named_and_nothing_that_was_typed_is_lost(open_page: OpenPage, shared: Home) -> None:
    app = edit(
        open_page,
        TableRow("project", "vision", resource="*", nominal="4"),
        TableRow("project", "speech", resource="*", nominal="four"),
    )
    button(app, "Preview").click().run()
    assert [one.value for one in app.error] == [
        "Row 2: the nominal is 'four'; expected a number of devices, 0 or more, such as 4 or 2.5"
    ]
    assert [row.nominal for row in app.session_state["quota-editor"].table] == ["4", "four"]


def test_quotas_that_somebody_else_changed_meanwhile_are_not_overwritten(
    open_page: OpenPage, shared: Home
) -> None:
    app = edit(open_page, TableRow("project", "vision", resource="*", nominal="2"))
    button(app, "Preview").click().run()
    app.checkbox[0].check().run()
    theirs = QuotaRows(quotas=(QuotaRow(project("speech"), nominal=1000),))
    GpuService(shared.database()).set_quotas(theirs, homes.TESTER)
    button(app, "Set these quotas").click().run()
    assert "Somebody else has changed the quotas meanwhile" in app.error[0].value
    assert stored(shared).quotas == theirs.quotas
    assert [row.nominal for row in app.session_state["quota-editor"].table] == ["2"]
    button(app, "Throw away").click().run()
    assert button(app, "Edit")


def test_the_editor_shows_the_quotas_that_hold(open_page: OpenPage, shared: Home) -> None:
    app = open_page("quotas")
    button(app, "Edit").click().run()
    assert rows_of(app.session_state["quota-editor"].table) == completed(
        shared_home.quotas(len(shared_home.SLOTS))
    )


def edit(open_page: OpenPage, *rows: TableRow) -> AppTest:
    """The editor with these rows typed in the place of all: AppTest cannot type into a table."""
    app = open_page("quotas")
    button(app, "Edit").click().run()
    begun: Any = app.session_state["quota-editor"]
    app.session_state["quota-editor"] = quota_editor.typed(begun, rows)
    return app.run()


def button(app: AppTest, label: str) -> Any:
    return next(one for one in app.button if one.label == label)


def stored(home: Home) -> QuotaRows:
    return GpuService(home.database()).quotas()
