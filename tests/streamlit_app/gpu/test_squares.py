from hypothesis import given
from hypothesis import strategies as st

from streamlit_app.gpu import bars, squares
from streamlit_app.gpu.bars import Bar
from streamlit_app.gpu.squares import Hatch, Part, Square

NASTY = "<script>\"&'"


def test_what_a_square_says_is_escaped() -> None:
    drawn = squares.node(NASTY, [NASTY], [Square(NASTY, NASTY, address="javascript:alert(1)")])
    drawn += squares.legend([(Square("", NASTY), NASTY)]) + squares.gauge(3, NASTY, "#000")
    assert "<script" not in drawn
    assert "javascript" not in drawn


def test_colour_and_hatching_are_said_in_words_too() -> None:
    drawn = squares.square(Square("0", "cuda:0, cooperative", (Part(500, "#123456", Hatch.COOPERATIVE),)))
    assert 'aria-label="cuda:0, cooperative"' in drawn
    assert 'title="cuda:0, cooperative"' in drawn


def test_parts_are_as_wide_as_they_are_large_and_what_is_free_stays_empty() -> None:
    drawn = squares.square(Square("", "", (Part(500, "#1"), Part(250, "#2", Hatch.APART))))
    assert "flex:500" in drawn
    assert "flex:250" in drawn
    assert 'tp-rest" style="flex:250"' in drawn
    assert "tp-apart" in drawn


def test_a_square_with_an_address_is_a_link() -> None:
    assert '<a class="tp-sq"' in squares.square(Square("0", "x", address="http://127.0.0.1/runs/1"))


@given(st.floats(-50, 500))
def test_a_meter_stays_within_its_square(pct: float) -> None:
    drawn = squares.square(Square("", "", utilisation_pct=pct, memory_pct=pct))
    widths = [float(one.split("%")[0]) for one in drawn.split("width:")[1:]]
    assert all(0 <= width <= 100 for width in widths)
    assert len(widths) == 2


amounts = st.integers(0, 10_000)


@given(amounts, amounts, amounts, amounts, st.none() | amounts)
def test_no_part_of_a_bar_leaves_it(
    used: int, nominal: int, borrowed: int, lent: int, limit: int | None
) -> None:
    one = Bar(used, nominal, min(used, borrowed), min(nominal, lent), limit)
    drawn = bars.bar(one, one.length, "#000", "x")
    for style in drawn.split('style="left:')[1:]:
        if "width:" in style.split('"')[0]:
            left, width = (float(part.rstrip("%")) for part in style.split('"')[0].split(";width:"))
            assert left + width <= 100.02


def test_a_bar_shows_what_is_borrowed_beyond_what_is_owed_and_what_is_lent_within_it() -> None:
    borrows = bars.bar(Bar(3000, 1000, borrowed=2000), 4000, "#000", "speech")
    assert '"tp-bar-used" style="left:0.00%;width:25.00%"' in borrows
    assert '"tp-bar-borrowed" style="left:25.00%;width:50.00%"' in borrows
    lends = bars.bar(Bar(1000, 3000, lent=1000), 4000, "#000", "vision")
    assert '"tp-bar-lent" style="left:50.00%;width:25.00%"' in lends
