"""Answers and measurements are kept together, once for each model and test set."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from resources.errors import BadInput
from resources.home import Home
from resources.marks import NOTHING
from resources.registry.evaluations.model import TestAnswers
from resources.registry.evaluations.service import EvaluationService
from resources.terms import DatasetName
from tests.resources.registry.evaluations.examples import MOMENT, answers_of, measurement_of
from tests.resources.registry.examples import ACTOR

PETS = DatasetName("pets")


def service(home: Path) -> EvaluationService:
    return EvaluationService(Home(home), Home(home).database())


def same(one: TestAnswers | None, other: TestAnswers) -> bool:
    """Whether all that is in them is the same."""
    assert one is not None
    return all(np.array_equal(one.__dict__[name], other.__dict__[name]) for name in other.__dict__)


def test_what_is_kept_is_found_again(trainplat_home: Path) -> None:
    kept, answers = service(trainplat_home), answers_of(3)
    kept.keep(answers, measurement_of(answers), ACTOR)
    assert same(kept.answers(PETS, 3), answers)
    assert kept.measurement(PETS, 3) == measurement_of(answers)
    assert kept.measurements(PETS) == [measurement_of(answers)]
    assert kept.has(PETS, 3, answers.test_set)
    assert not kept.has(PETS, 3, "u" * 64)


def test_marks_are_found_again_as_they_were_said(trainplat_home: Path) -> None:
    kept, told = service(trainplat_home), answers_of(3, count=30)
    answers = replace(
        told,
        truth=None,
        probabilities=None,
        said=(NOTHING,) * 30,
        true=(NOTHING,) * 30,
        sure=np.array([0.5]),
        hit=np.array([True]),
    )
    kept.keep(answers, measurement_of(told), ACTOR)
    assert same(kept.answers(PETS, 3), answers)
    assert answers.answer(0) == answers.right_answer(0) == NOTHING


def test_of_an_unknown_model_there_is_nothing(trainplat_home: Path) -> None:
    kept = service(trainplat_home)
    assert kept.measurement(PETS, 3) is None
    assert kept.answers(PETS, 3) is None
    assert kept.measurements(PETS) == []


def test_a_model_measured_again_is_kept_once_and_on_another_test_set_twice(trainplat_home: Path) -> None:
    kept, answers = service(trainplat_home), answers_of(3)
    first = measurement_of(answers)
    kept.keep(answers, first, ACTOR)
    later = replace(first, measured_at=MOMENT + timedelta(hours=1), value=0.5)
    kept.keep(answers, later, ACTOR)
    assert kept.measurements(PETS) == [later]
    other = replace(answers, test_set="u" * 64)
    newest = replace(later, test_set="u" * 64, measured_at=MOMENT + timedelta(hours=2))
    kept.keep(other, newest, ACTOR)
    assert kept.measurements(PETS) == [later, newest]
    assert kept.measurement(PETS, 3) == newest
    assert kept.measurement(PETS, 3, later.test_set) == later
    assert same(kept.answers(PETS, 3, later.test_set), answers)


def test_answers_and_numbers_of_two_models_are_refused(trainplat_home: Path) -> None:
    with pytest.raises(
        BadInput, match=r"answers are of pets 3 .* measurement of pets 4 .* expected one model"
    ):
        service(trainplat_home).keep(answers_of(3), measurement_of(answers_of(4)), ACTOR)


def test_damaged_answers_say_what_to_do(trainplat_home: Path) -> None:
    kept, answers = service(trainplat_home), answers_of(3)
    kept.keep(answers, measurement_of(answers), ACTOR)
    path = kept.path(PETS, 3, answers.test_set)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(BadInput, match="does not hold the answers of a model") as caught:
        kept.answers(PETS, 3)
    assert "Materialize the evaluation" in str(caught.value)
    path.unlink()
    assert kept.answers(PETS, 3) is None


def test_who_measured_is_in_the_audit(trainplat_home: Path) -> None:
    kept, answers = service(trainplat_home), answers_of(3)
    kept.keep(answers, measurement_of(answers), ACTOR)
    with kept.database.read() as connection:
        rows = connection.execute(text("select actor, action, subject from audit")).all()
    assert (ACTOR, "registry.measure", "models:/pets/3") in [tuple(row) for row in rows]


@pytest.mark.slow
def test_a_kill_between_answers_and_numbers_is_mended_by_doing_it_again(trainplat_home: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from resources.registry.evaluations import store\n"
        "from tests.resources.registry.evaluations.examples import answers_of, measurement_of\n"
        "from tests.resources.registry.evaluations.test_service import ACTOR, service\n"
        "store.put_measurement = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "answers = answers_of(3)\n"
        "service(Path(sys.argv[1])).keep(answers, measurement_of(answers), ACTOR)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(trainplat_home)], env=os.environ, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    kept, answers = service(trainplat_home), answers_of(3)
    assert kept.path(PETS, 3, answers.test_set).exists()
    assert kept.measurements(PETS) == []
    assert not kept.has(PETS, 3, answers.test_set)
    kept.keep(answers, measurement_of(answers), ACTOR)
    assert same(kept.answers(PETS, 3), answers)
    assert len(kept.measurements(PETS)) == 1
