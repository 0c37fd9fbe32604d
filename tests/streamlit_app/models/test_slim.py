"""A table with hardly a word to each cell."""

from streamlit_app.models import slim


def test_cells_have_no_attributes_and_heads_are_escaped() -> None:
    shown = slim.table(["a & b", "c"], [["<b>1</b>", "2"], ["3", "4"]], last_number=6)
    assert shown.count("<td>") == 4
    assert "a &amp; b" in shown
    assert "<b>1</b>" in shown
    assert 'class="tp-table tp-slim tp-slim-6"' in shown


def test_every_width_has_its_rule() -> None:
    for last in range(slim.FIRST_NUMBER, slim.MOST_COLUMNS):
        assert f".tp-slim-{last} " in slim.STYLE
