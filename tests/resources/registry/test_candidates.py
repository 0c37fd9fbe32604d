"""Which model waits for its decision."""

from dataclasses import replace

from resources.registry.candidates import newest_undecided
from resources.registry.model import Decision, ModelVersion
from resources.terms import VersionKey
from tests.resources.registry.test_store import DECISION, MODEL


def test_nobody_waits_where_nothing_is_registered() -> None:
    assert newest_undecided([], []) is None


def test_the_newest_of_those_that_wait_is_the_candidate() -> None:
    assert newest_undecided([model(1, "v1.0"), model(2, "v1.1")], []) == model(2, "v1.1")


def test_one_that_is_decided_waits_no_more() -> None:
    assert newest_undecided([model(1, "v1.0"), model(2, "v1.1")], [decision(2, "v1.1")]) == model(1, "v1.0")


def test_an_older_model_of_a_decided_version_has_had_its_turn() -> None:
    assert newest_undecided([model(1, "v1.0"), model(2, "v1.0")], [decision(2, "v1.0")]) is None


def test_a_newer_model_of_a_decided_version_waits_to_be_decided_again() -> None:
    both = [model(1, "v1.0"), model(2, "v1.0")]
    assert newest_undecided(both, [decision(1, "v1.0")]) == model(2, "v1.0")


def test_a_model_of_a_branch_is_nobodys_candidate() -> None:
    assert newest_undecided([model(1, "cats_v1.0_anna_20260301T120000Z")], []) is None


def model(number: int, version: str) -> ModelVersion:
    return replace(MODEL, number=number, dataset_version=VersionKey(version))


def decision(number: int, version: str) -> Decision:
    return replace(DECISION, model_number=number, version=VersionKey(version))
