"""What the page shows of gates, as HTML."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from resources.gate_plan import IfFailed
from resources.home import Home
from resources.registry.gates.model import GateResult, Judging
from resources.registry.gates.service import GateService
from resources.terms import Actor, DatasetName
from streamlit_app.models.gates import grid, sentences
from streamlit_app.readings.gates import read_gates

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CATS, ANNA = DatasetName("cats"), Actor("user:anna")
BAD = GateResult("quality", False, "the accuracy is 80%; at least 90% is asked", 0.8, 0.9)
GOOD = replace(BAD, gate="size", passed=True, sentence="1 MiB < 2 MiB")
WARNS = replace(BAD, gate="latency", if_failed=IfFailed.WARN)
JUDGING = Judging(CATS, 2, (BAD, WARNS, GOOD), NOW)


def test_models_stand_beside_the_gates_that_any_of_them_was_asked() -> None:
    shown = grid([("2 · v1.1", JUDGING), ("1 · v1.0", None)], str)
    head, first, second = shown.split("<tr>")[1:]
    assert [head.count(f">{name}<") for name in ("quality", "latency", "size", "drift")] == [1, 1, 1, 0]
    assert [first.count(f">{word}<") for word in ("failed", "warns", "passed")] == [1, 1, 1]
    assert 'title="the accuracy is 80%; at least 90% is asked"' in first
    assert second.count("<td>–</td>") == 3


def test_each_gate_of_one_model_says_its_sentence_and_what_a_failure_does() -> None:
    shown = sentences(JUDGING, str)
    assert "the accuracy is 80%; at least 90% is asked" in shown
    assert "1 MiB &lt; 2 MiB" in shown
    assert "the champion stays" in shown
    assert "only warns" in shown


def test_what_is_kept_is_read_with_the_newest_override_first(trainplat_home: Path) -> None:
    home = Home(trainplat_home)
    service = GateService(home, home.database())
    service.record(CATS, 2, JUDGING.results, ANNA)
    for why in ("The first.", "The second."):
        service.record_override(CATS, 2, ANNA, why)
    seen = read_gates(home, home.database(), CATS)
    assert seen.judgings[2].results == JUDGING.results
    assert [one.why for one in seen.overrides] == ["The second.", "The first."]
