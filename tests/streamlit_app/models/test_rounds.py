"""How the page tells what a round decided."""

from dataclasses import replace

from streamlit_app.models.rounds import outcome
from tests.streamlit_app.test_stages import decision


def test_a_round_says_who_won_or_what_bars_the_new_model_when_pointed_at() -> None:
    stays = decision(1, promoted=False)
    assert ">promoted<" in outcome(decision(1), str)
    assert ">champion stays<" in outcome(stays, str)
    barred = outcome(replace(stays, barred="size: 9 MiB > 8 MiB"), str)
    assert ">barred by its gates<" in barred
    assert 'title="size: 9 MiB &gt; 8 MiB"' in barred
