"""The measured models, and what is read of them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from resources.data.service import DataService
from resources.home import Home
from resources.kinds import Kind, Measure
from resources.registry.evaluations.service import EvaluationService
from resources.terms import FIRST_VERSION, DatasetName, SampleId, VersionKey
from streamlit_app.readings.model_versions import (
    ModelVersions,
    kind_by,
    read_answers,
    read_model_versions,
    read_reliability,
    read_scores,
    read_state,
)
from streamlit_app.readings.shown_samples import read_samples
from tests.resources.data.byhand.others import first_of, spec_of
from tests.resources.registry.evaluations.examples import answers_of, measurement_of
from tests.resources.registry.examples import ACTOR

PETS = DatasetName("pets")
ANSWERS = [answers_of(number) for number in range(1, 5)]
SOME = [measurement_of(one, f"v1.{one.number + 7}") for one in ANSWERS]


def test_models_are_listed_newest_first_with_their_versions_and_methods() -> None:
    versions = ModelVersions(PETS, tuple(SOME), 2)
    assert versions.numbers == (4, 3, 2, 1)
    assert versions.versions == ("v1.11", "v1.10", "v1.9", "v1.8")
    assert versions.methods == ("joint", "replay")
    assert versions.usual_baseline == 2
    assert versions.measure is Measure.ACCURACY
    assert versions.find(3) == SOME[2]
    assert versions.find(9) is None


def test_without_a_measured_champion_the_first_is_the_baseline() -> None:
    assert ModelVersions(PETS, tuple(SOME), 77).usual_baseline == 1
    assert ModelVersions(PETS, tuple(SOME), None).usual_baseline == 1


def test_models_are_compared_on_the_baselines_test_set_where_they_were_measured_on_it() -> None:
    later = replace(SOME[0], test_set="u" * 64, measured_at=SOME[0].measured_at + timedelta(hours=1))
    versions = ModelVersions(PETS, (*SOME, later), None)
    assert versions.find(1) == later
    assert versions.on(SOME[0].test_set)[0] == SOME[0]
    alone = ModelVersions(PETS, tuple(SOME), None)
    assert alone.on(SOME[0].test_set) is alone.newest


def test_branches_come_behind_the_versions_of_the_main_line() -> None:
    branch = replace(SOME[0], number=9, dataset_version=VersionKey("ann/try"))
    assert ModelVersions(PETS, (*SOME, branch), None).versions[-1] == "ann/try"


def test_each_measure_has_a_kind_of_answers() -> None:
    assert kind_by(Measure.SPAN_F1) is Kind.ENTITIES
    assert kind_by(Measure.BOX_AP) is Kind.BOXES
    assert kind_by(Measure.ACCURACY).has_one_class


def test_what_is_kept_is_read_and_what_is_damaged_leaves_the_rest(trainplat_home: Path) -> None:
    home, database = Home(trainplat_home), Home(trainplat_home).database()
    service = EvaluationService(home, database)
    for answers, measured in zip(ANSWERS[:2], SOME, strict=False):
        service.keep(answers, measured, ACTOR)
    (count, newest), champion = read_state(home, database, PETS)
    assert (count, champion) == (2, None)
    assert newest == SOME[0].measured_at.replace(tzinfo=newest.tzinfo if newest else None)
    assert read_model_versions(home, database, PETS, None).newest == tuple(SOME[:2])
    assert sum(one.count for one in read_reliability(home, database, SOME[0])) == 60
    service.path(PETS, 2, SOME[1].test_set).write_bytes(b"damaged")
    assert read_scores(home, database, SOME[1]) is None
    assert read_reliability(home, database, SOME[1]) == []
    found = read_scores(home, database, SOME[0])
    assert found is not None
    assert list(found.scores) == list(ANSWERS[0].scores)
    service.path(PETS, 1, SOME[0].test_set).unlink()
    assert read_answers(home, database, SOME[0]) is None
    assert read_scores(home, database, SOME[0]) is None


def test_samples_of_an_unknown_version_are_not_shown(trainplat_home: Path) -> None:
    home = Home(trainplat_home)
    assert read_samples(home, home.database(), PETS, VersionKey("v1.0"), []) == {}
    assert read_samples(home, home.database(), PETS, VersionKey("v1.0"), [SampleId("a" * 64)]) == {}


def test_texts_are_shown_by_their_beginnings(trainplat_home: Path) -> None:
    home, spec = Home(trainplat_home), spec_of(Kind.TEXT_CLASSES)
    data = DataService(home, home.database())
    assert spec.fill_source is not None
    spec.fill_source(data.source_folder(spec.name))
    first_of(data, spec)
    samples = data.samples(spec.name, FIRST_VERSION)[:3]
    shown = read_samples(home, home.database(), spec.name, FIRST_VERSION, [one.id for one in samples])
    assert {one: look.picture for one, look in shown.items()} == dict.fromkeys(one.id for one in samples)
    for one in samples:
        text = shown[one.id].text
        assert text
        assert one.path.read_text().startswith(text)
