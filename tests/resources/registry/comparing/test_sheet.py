"""Models beside one of them, from what a home keeps."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from resources.errors import NotFound
from resources.home import Home
from resources.registry.comparing.choosing import Choice
from resources.registry.comparing.sheet import differences, read_sheet
from resources.registry.evaluations.model import SampleScores
from resources.registry.evaluations.service import EvaluationService
from resources.terms import DatasetName, SampleId
from tests.resources.registry.evaluations.examples import answers_of, measurement_of
from tests.resources.registry.examples import ACTOR

PETS = DatasetName("pets")
ANSWERS = [answers_of(number) for number in range(1, 5)]


@pytest.fixture
def service(trainplat_home: Path, sqlite_at_head: Path) -> EvaluationService:
    """Four models of one test set."""
    home = Home(trainplat_home)
    service = EvaluationService(home, home.database())
    for one in ANSWERS:
        service.keep(one, measurement_of(one), ACTOR)
    return service


def scores_of(number: int) -> SampleScores:
    said = ANSWERS[number - 1]
    return SampleScores(said.dataset, said.number, said.sample_ids, said.scores)


def test_all_stand_beside_the_named_one_else_the_usual_one_else_the_first(
    service: EvaluationService,
) -> None:
    found = read_sheet(service, PETS, Choice(), baseline=3, usual=2)
    assert found.baseline.number == 3
    assert [one.number for one in found.measurements] == [4, 3, 2, 1]
    assert found.differences[3].value == 0
    few = read_sheet(service, PETS, Choice(), baseline=1, most=2)
    assert (len(few.measurements), set(few.differences)) == (4, {4, 3})
    assert read_sheet(service, PETS, Choice(), usual=2).baseline.number == 2
    assert read_sheet(service, PETS, Choice(), usual=77).baseline.number == 1


def test_what_was_measured_on_two_test_sets_is_taken_on_that_of_the_baseline(
    service: EvaluationService,
) -> None:
    other = replace(ANSWERS[3], test_set="u" * 64, scores=1 - ANSWERS[3].scores)
    later = replace(measurement_of(other), measured_at=measurement_of(other).measured_at + timedelta(days=1))
    service.keep(other, later, ACTOR)
    found = read_sheet(service, PETS, Choice(text="seed>1"), baseline=1, numbers=(1, 4))
    assert [(one.number, one.test_set) for one in found.measurements] == [(4, "t" * 64)]


def test_one_whose_answers_are_gone_or_damaged_is_told_without_a_difference(
    service: EvaluationService,
) -> None:
    service.path(PETS, 2, "t" * 64).unlink()
    service.path(PETS, 3, "t" * 64).write_bytes(b"PK\x03\x04 half")
    found = read_sheet(service, PETS, Choice(), baseline=1)
    assert len(found.measurements) == 4
    assert set(found.differences) == {1, 4}


def test_what_was_never_measured_is_not_found(service: EvaluationService) -> None:
    with pytest.raises(NotFound, match="pets 7, 9 was never measured; of pets there are 4, 1 to 4"):
        read_sheet(service, PETS, Choice(), numbers=(7, 1, 9))
    with pytest.raises(NotFound, match="8"):
        read_sheet(service, PETS, Choice(), baseline=8)
    with pytest.raises(NotFound, match="no model of cats"):
        read_sheet(service, DatasetName("cats"), Choice())


def test_differences_are_told_of_models_with_common_samples() -> None:
    apart = replace(scores_of(3), sample_ids=tuple(SampleId(f"x{place}") for place in range(60)))
    found = differences(scores_of(1), [scores_of(1), scores_of(2), apart, None])
    assert list(found) == [1, 2]
    assert found[1].value == 0
    assert differences(None, [scores_of(1)]) == {}
    assert differences(scores_of(1), [apart]) == {}
