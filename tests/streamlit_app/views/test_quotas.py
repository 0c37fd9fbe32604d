import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from resources.database.audit import recent
from resources.gpu import lending_store
from resources.gpu.policy.amounts import ANY_DEVICE
from resources.gpu.policy.quota_file import completed
from resources.gpu.policy.quota_model import QuotaRow, QuotaRows, project
from resources.gpu.policy.quota_table import TableRow, rows_of
from resources.gpu.policy.reason import Reason
from resources.gpu.policy.rebalance import Move, MoveKind
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


def test_what_the_rules_of_lending_made_of_a_limit_is_told_with_the_reason(
    open_page: OpenPage, shared: Home
) -> None:
    moved = Move(project("vision"), ANY_DEVICE, MoveKind.TAKE_BACK, 3000, 1000, Reason("L2", "It is short."))
    with shared.database().write() as connection:
        lending_store.put(connection, [moved], datetime.now(UTC))
    shown = words(open_page("quotas"))
    assert "lends at most 1 now (L2: It is short.)" in shown
    assert "project vision: used 1.75, owed 3" in shown
    assert "project speech: used 2, owed 1, borrowed 1, lent –, limit 2" in shown, "vision keeps two"


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
    kept = shared_home.quotas(len(shared_home.SLOTS))
    assert rows_of(app.session_state["quota-editor"].table, kept) == completed(kept)


def test_a_preview_says_what_the_quotas_cost_before_and_after(open_page: OpenPage, shared: Home) -> None:
    shared.prices_file.write_text("currency: EUR\nper_gpu_hour: {CPU-SLOT: 0.5}\n")
    app = edit(
        open_page,
        TableRow("project", "vision", resource="*", nominal="2"),
        TableRow("project", "speech", resource="*", nominal="1"),
    )
    button(app, "Preview").click().run()
    (costs,) = [one.value for one in app.html if "A month now" in str(one.value)]
    assert cells(costs) == [
        *("vision project", "1.50 EUR", "1.00 EUR", "1095.00 EUR", "730.00 EUR"),
        *("In all", "2.00 EUR", "1.50 EUR", "1460.00 EUR", "1095.00 EUR"),
    ]


def test_a_preview_without_prices_says_where_they_go(open_page: OpenPage, shared: Home) -> None:
    app = edit(open_page, TableRow("project", "vision", resource="*", nominal="2"))
    button(app, "Preview").click().run()
    assert "prices.yaml" in words(app)
    assert "A month now" not in words(app)


@pytest.mark.parametrize(
    ("prices", "said"),
    [("currency: 5", "per_gpu_hour"), ("currency: EUR\nper_gpu_hour: {V100: 1}", "names no price")],
)
def test_prices_that_say_nothing_of_it_keep_nobody_from_a_preview(
    open_page: OpenPage, shared: Home, prices: str, said: str
) -> None:
    shared.prices_file.write_text(prices)
    app = edit(open_page, TableRow("project", "vision", resource="*", nominal="2"))
    button(app, "Preview").click().run()
    assert said in words(app)
    assert "What this would change" in words(app)


def edit(open_page: OpenPage, *rows: TableRow) -> AppTest:
    """The editor with these rows typed in the place of all: AppTest cannot type into a table."""
    app = open_page("quotas")
    button(app, "Edit").click().run()
    begun: Any = app.session_state["quota-editor"]
    app.session_state["quota-editor"] = quota_editor.typed(begun, rows)
    return app.run()


def cells(table: str) -> list[str]:
    """The words of the cells of a table, without its heads."""
    found = re.findall(r"<td[^>]*>(.*?)</td>", table, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in found]


def button(app: AppTest, label: str) -> Any:
    return next(one for one in app.button if one.label == label)


def stored(home: Home) -> QuotaRows:
    return GpuService(home.database()).quotas()
