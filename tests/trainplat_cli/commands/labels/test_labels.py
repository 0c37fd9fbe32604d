"""``trainplat labels``: what went back to people, and whether every answer was heard."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from resources.home import Home
from resources.labeling.reviews.model import Doubted, Reason
from resources.terms import FIRST_VERSION, Actor, DatasetName, Label, SampleId
from tests.resources.data.shapes import ACTOR, service
from tests.resources.data.shapes import SHAPES as LOOP
from tests.resources.labeling.people import CATS, TestClock, desk, sample_id
from tests.resources.labeling.reviews.rows import answer_again, answered
from tests.servers.label_studio import LabelStudioServer
from tests.streamlit_app import homes
from trainplat_cli.main import main

SHAPES = DatasetName("shapes")
DARK, LIGHT = CLASSES = (Label("dark"), Label("light"))
SAMPLES = [SampleId(f"{number:064}") for number in range(3)]


def run(*arguments: str) -> Result:
    """``trainplat labels`` on a wide terminal."""
    return CliRunner().invoke(main, ["labels", *arguments], env={"COLUMNS": "200"})


def with_reviews(home: Path) -> None:
    """Two labels went back; one of them was looked at again."""
    service(home).plan_first(LOOP, ACTOR)
    people = answered(home, SHAPES, CLASSES, FIRST_VERSION, dict.fromkeys(SAMPLES, DARK))
    doubted = [Doubted(sample, DARK, Reason.DOUBTED, LIGHT, 0.03, 0.96) for sample in SAMPLES[:2]]
    people.reviews.look_again(SHAPES, SAMPLES, doubted, actor=Actor("user:anna"))
    answer_again(people, SHAPES, SAMPLES[0], LIGHT)


def test_people_see_what_is_with_them_again_and_why(trainplat_home: Path) -> None:
    with_reviews(trainplat_home)

    told = run("review", "shapes").stdout

    assert told.startswith("1 in review; of those looked at again 0 were upheld, 1 corrected.")
    assert SAMPLES[1][:12] in told
    assert "light (96%)" in told
    assert "corrected" not in "".join(told.splitlines()[1:])


def test_machines_get_all_of_it(trainplat_home: Path) -> None:
    with_reviews(trainplat_home)

    told = json.loads(run("review", "shapes", "--all", "--json").stdout)

    assert (told["passed"], told["in_review"], told["upheld"], told["corrected"]) == (1, 1, 0, 1)
    by_sample = {one["sample"]: one for one in told["reviews"]}
    assert by_sample[SAMPLES[0]]["settled_label"] == "light"
    assert by_sample[SAMPLES[1]]["state"] == "returned"
    assert told["annotators"] == [
        {"annotator": 1, "answered": 3, "compared": 0, "with_consensus": 0, "known": 0, "known_right": 0}
    ]


@pytest.mark.parametrize("how", [[], ["--json"], ["--all"]])
def test_a_data_set_that_is_not_there_is_told_of(trainplat_home: Path, how: list[str]) -> None:
    with_reviews(trainplat_home)
    failed = run("review", "cats", *how)
    assert (failed.exit_code, failed.stdout) == (4, "")
    assert "has no data set cats with a version" in failed.stderr


def test_a_data_set_that_nobody_was_asked_about_cannot_be_reconciled(trainplat_home: Path) -> None:
    unknown = run("reconcile", "cats")
    assert (unknown.exit_code, "has no data set cats with a version" in unknown.stderr) == (4, True)
    service(trainplat_home).plan_first(LOOP, ACTOR)
    failed = run("reconcile", "shapes")

    assert failed.exit_code == 4
    assert "shapes has no project in Label Studio" in failed.stderr


@pytest.mark.slow
@pytest.mark.real
def test_what_was_missed_is_told_first_and_then_taken_in(
    label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    anna = desk(tmp_path, TestClock())
    anna.ask(range(3))
    anna.answer(1, "dog")

    dry = json.loads(run("reconcile", "cats", "--dry-run", "--json").stdout)
    assert (dry["told"]["tasks"], dry["read"], dry["changed"], dry["dry_run"]) == (3, 3, 1, True)
    assert dry["labels"] == [{"sample": sample_id(1), "before": None, "after": "dog"}]
    assert anna.service.confirmed(CATS) == []
    assert "dog" in run("reconcile", "cats").stdout
    assert anna.labels() == {sample_id(1): "dog"}
    assert run("reconcile", "cats").stdout.splitlines()[-1] == "All of it was known."


def test_people_see_what_labels_bring_beside_random_asking(trainplat_home: Path) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    home = Home(trainplat_home)
    homes.add_versions(home, home.database(), now)
    assert "No round is decided yet" in run("efficiency", "digits").stdout
    homes.add_rounds(home, home.database(), now)
    assert "too few random picks were answered" in run("efficiency", "digits").stdout
    homes.add_random_rounds(home)

    told = run("efficiency", "digits").stdout

    assert "With 112 labels random asking reaches 89.7%, and the rounds 89.1%." in told
    assert len([line for line in told.splitlines() if "by strategy" in line]) == 3
    found = json.loads(run("efficiency", "digits", "--json").stdout)
    assert [one["labels"] for one in found["rounds"]] == [100, 150, 200]
    assert found["newest_random"] == found["random"][-1]
    assert found["newest_random"]["low"] < found["newest_random"]["value"] < found["newest_random"]["high"]
    assert "The rounds reached 89.7% with 119." in told
    assert found["rounds_at_same"] == pytest.approx(0.8912, abs=1e-4)
    assert found["labels_for_same"] == pytest.approx(118.75)
    assert found["random_labels_for_same"] is None


def test_the_efficiency_of_a_data_set_that_is_not_there_is_refused(trainplat_home: Path) -> None:
    assert run("efficiency", "nothing").exit_code == 4
