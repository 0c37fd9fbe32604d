"""What gates said is kept with its model, and so is who went past them."""

from dataclasses import replace
from pathlib import Path

import pytest

from resources.database.audit import recent
from resources.database.engine import Database
from resources.errors import BadInput
from resources.gate_plan import IfFailed
from resources.home import Home
from resources.registry.gates.model import GateResult
from resources.registry.gates.service import GateService
from resources.terms import Actor, DatasetName

CATS, ANNA = DatasetName("cats"), Actor("user:anna")
GOOD = GateResult("size", True, "it is small", 1.0, 2.0)
BAD = GateResult("quality", False, "the accuracy is 80%; at least 90% is asked", 0.8, 0.9)
WARNED = replace(BAD, gate="latency", if_failed=IfFailed.WARN)


@pytest.fixture
def gates(trainplat_home: Path, any_database: Database) -> GateService:
    return GateService(Home(trainplat_home), any_database)


def test_a_model_that_was_never_judged_has_not_passed(gates: GateService) -> None:
    assert not gates.passed(CATS, 1)
    assert gates.failed_sentences(CATS, 1) == ("model 1 of cats was never judged by its gates",)
    assert gates.results(CATS, 1) == []


def test_what_gates_said_comes_back_and_only_what_bars_counts_against_it(gates: GateService) -> None:
    gates.record(CATS, 1, [GOOD, WARNED], ANNA)
    assert gates.results(CATS, 1) == [GOOD, WARNED]
    assert gates.passed(CATS, 1)
    gates.record(CATS, 2, [BAD, GOOD], ANNA)
    assert gates.failed_sentences(CATS, 2) == ("quality: the accuracy is 80%; at least 90% is asked",)
    assert {number: one.results for number, one in gates.judgings(CATS).items()} == {
        1: (GOOD, WARNED),
        2: (BAD, GOOD),
    }


def test_a_model_without_gates_passes_once_it_was_judged(gates: GateService) -> None:
    gates.record(CATS, 1, [], ANNA)
    assert gates.passed(CATS, 1)


def test_one_gate_that_is_judged_again_leaves_the_others_as_they_were(gates: GateService) -> None:
    gates.record(CATS, 1, [BAD, GOOD], ANNA)
    gates.renew(CATS, 1, replace(BAD, passed=True), ANNA)
    assert gates.results(CATS, 1) == [replace(BAD, passed=True), GOOD]


def test_the_same_said_again_leaves_no_second_row_in_the_audit(gates: GateService) -> None:
    for _ in range(2):
        gates.record(CATS, 1, [BAD], ANNA)
    (row,) = recent(gates.database)
    assert (row.action, row.actor, row.subject) == ("gates.judge", ANNA, "models:/cats/1")


def test_an_override_keeps_who_and_why_and_what_spoke_against_it(gates: GateService) -> None:
    gates.record(CATS, 1, [BAD], ANNA)
    made = gates.record_override(CATS, 1, ANNA, " The test set is wrong. ")
    later = gates.record_override(CATS, 1, ANNA, "Again.")
    assert (made.why, made.actor, made.failed) == (
        "The test set is wrong.",
        ANNA,
        gates.failed_sentences(CATS, 1),
    )
    assert gates.overrides(CATS) == [made, later]
    assert gates.override_of(CATS, 1) == later
    assert gates.override_of(CATS, 2) is None
    assert not gates.passed(CATS, 1), "it is an exception, not a pass"
    assert "The test set is wrong." in recent(gates.database)[1].detail


@pytest.mark.parametrize("why", ["", "  ", "x" * 2001])
def test_an_override_without_a_reason_that_can_be_read_is_refused(gates: GateService, why: str) -> None:
    with pytest.raises(BadInput, match="expected 1 to 2000"):
        gates.record_override(CATS, 1, ANNA, why)
    assert gates.overrides(CATS) == []
