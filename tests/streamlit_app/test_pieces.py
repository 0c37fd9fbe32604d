from hypothesis import given
from hypothesis import strategies as st

from streamlit_app import colours, pieces
from streamlit_app.stages import Stage, StageState

NASTY = '<script>alert("1 & 2")</script>'


def test_what_people_wrote_is_shown_and_never_run() -> None:
    stage = Stage(NASTY, StageState.ACTIVE, NASTY, NASTY, None)
    shown = [
        pieces.stage_card(stage, NASTY, pieces.moment(NASTY, NASTY)),
        pieces.card(
            NASTY, pieces.pill(NASTY, colours.DONE), colours.DONE, [(NASTY, pieces.text(NASTY))], busy=True
        ),
        pieces.table([NASTY], [[pieces.code(NASTY)]]),
        pieces.link(NASTY, f"https://here/{NASTY}"),
        pieces.kept(NASTY),
    ]
    for html in shown:
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_only_addresses_of_the_web_become_links() -> None:
    assert pieces.link("run", "javascript:alert(1)") == "run"
    assert pieces.link("run", "http://127.0.0.1:3000/runs/1").startswith(
        '<a href="http://127.0.0.1:3000/runs/1"'
    )


def test_what_happens_now_is_marked_and_the_rest_is_quiet() -> None:
    cards = {state: pieces.stage_card(Stage("Data", state, "v1.0", "", None), "", "") for state in StageState}
    assert {state for state, card in cards.items() if "tp-beat" in card} == {
        StageState.ACTIVE,
        StageState.PEOPLE,
    }
    assert {state for state, card in cards.items() if "tp-quiet" not in card} == {
        StageState.ACTIVE,
        StageState.PEOPLE,
        StageState.TROUBLE,
    }


def test_cards_and_tables_hold_what_they_are_given() -> None:
    assert pieces.strip(["<i>1</i>", "<i>2</i>"]).count("<i>") == 2
    assert pieces.cards(["<i>1</i>"]).startswith('<div class="tp-cards">')
    table = pieces.table(["a", "b"], [["1", "2"], ["3", "4"]], numbers=frozenset({1}))
    assert table.count("<tr>") == 3
    assert table.count('class="tp-num"') == 3


@given(st.text())
def test_a_project_has_one_colour_for_ever(owner: str) -> None:
    assert colours.of_owner(owner) == colours.of_owner(owner)
    assert colours.of_owner(owner) in colours.OWNERS
