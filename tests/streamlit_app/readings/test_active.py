from dataclasses import replace

import pytest
from sqlalchemy import insert, select, update

from resources.asking import Why
from resources.home import Home
from resources.kinds import Measure
from resources.labeling.predictions import PredictionFiles, Query
from resources.labeling.tables import CONFIRMED, QUESTIONS
from resources.registry.service import RegistryService
from resources.terms import DatasetName
from resources.texts import translator
from streamlit_app.active import against_random, charts
from streamlit_app.readings.active import ActiveLearning, Yardstick, read_active
from tests.streamlit_app import homes

ENGLISH = translator("en")


@pytest.fixture
def told(home: Home) -> ActiveLearning:
    """Two answered random picks of the newest version, one of which its model had guessed."""
    files = PredictionFiles(home)
    files.write_query(homes.DIGITS, homes.VERSIONS[-1], Query("digits-3", "badge", ()))
    with home.database().write() as connection:
        asked = connection.execute(select(QUESTIONS).order_by(QUESTIONS.c.sample).limit(2)).all()
        for one, label in zip(asked, (asked[0].guess, "none of them"), strict=True):
            mine = QUESTIONS.c.sample == one.sample
            connection.execute(update(QUESTIONS).where(mine).values(why=Why.RANDOM))
            connection.execute(CONFIRMED.delete().where(CONFIRMED.c.sample == one.sample))
            connection.execute(
                insert(CONFIRMED).values(
                    ref=f"{one.sample}/1",
                    dataset=homes.DIGITS,
                    sample=one.sample,
                    revision=1,
                    label=label,
                    task=1,
                    annotation=1,
                    at=one.asked_at,
                    withdrawn=False,
                )
            )
    return read_active(home, home.database(), homes.DIGITS)


def test_random_picks_are_of_no_strategy(told: ActiveLearning) -> None:
    counted: dict[str, int] = {}
    for (strategy, _), count in told.by_strategy().items():
        counted[strategy] = counted.get(strategy, 0) + count
    assert counted == {"badge": homes.ASKED - 2, "random": 2}


def test_each_champion_is_measured_by_the_picks_that_it_asked(told: ActiveLearning) -> None:
    guessed = [one.guessed for one in told.rounds]
    assert guessed[:-1] == [None] * (len(guessed) - 1)
    assert guessed[-1] == told.estimate
    assert told.estimate is not None
    assert (told.estimate.right, told.estimate.asked) == (1, 2)


def test_a_pick_is_drawn_with_the_whole_of_its_interval(told: ActiveLearning) -> None:
    _, _, interval, point, _ = charts.efficiency(told, ENGLISH)["layer"]
    (drawn,) = interval["data"]["values"]
    ends = [drawn[interval["encoding"][one]["field"]] for one in ("y", "y2")]
    assert ends[0] < drawn[point["encoding"]["y"]["field"]] == 0.5 < ends[1]


def test_the_rounds_and_random_asking_are_two_lines_with_their_intervals(home: Home) -> None:
    homes.add_random_rounds(home)
    told = read_active(home, home.database(), homes.DIGITS)
    line, interval, *_ = charts.efficiency(told, ENGLISH)["layer"]
    drawn = {
        what: [one for one in line["data"]["values"] if what in one["what"]] for what in ("round", "random")
    }
    assert [one["labels"] for one in drawn["round"]] == [100, 150, 200]
    assert [one["quality"] for one in drawn["round"]] == [
        1 - wrong / homes.TEST_COUNT for wrong in homes.MISTAKES
    ]
    assert [one["labels"] for one in drawn["random"]] == [100, 112]
    assert len(interval["data"]["values"]) == 5
    ends = [interval["encoding"][one]["field"] for one in ("y", "y2")]
    assert all(one[ends[0]] < one["quality"] < one[ends[1]] for one in interval["data"]["values"])
    domain = line["encoding"]["color"]["scale"]["domain"]
    assert {one["what"] for one in line["data"]["values"]} < set(domain)


def test_marks_have_no_interval_on_the_test_set(told: ActiveLearning) -> None:
    rounds = tuple(replace(one, right=None) for one in told.against_random.rounds)
    spans = replace(told, against_random=replace(told.against_random, rounds=rounds))
    line, interval, *_ = charts.efficiency(spans, ENGLISH)["layer"]
    assert len(line["data"]["values"]) == len(rounds)
    assert interval["data"]["values"] == []


def test_the_kept_benchmark_is_of_the_digits_alone(told: ActiveLearning, home: Home) -> None:
    assert told.yardstick is not None
    assert read_active(home, home.database(), DatasetName("other")).yardstick is None


def test_random_asking_is_told_with_the_labels_of_each_side(told: ActiveLearning, home: Home) -> None:
    assert against_random.sentences(told.against_random, ENGLISH)[0].startswith("Nothing can be said")
    homes.add_random_rounds(home)
    found = RegistryService(home, home.database()).against_random(homes.DIGITS)
    assert against_random.sentences(found, ENGLISH) == [
        "With 112 labels random asking reaches 89.7%, and the rounds 89.1%.",
        "That is no sure difference: it lies within the interval of the test set.",
        "The rounds reached 89.7% with 119.",
        "With the labels that are there, random asking does not reach what the rounds do.",
    ]
    homes.add_random_rounds(home, (43, 90))
    found = RegistryService(home, home.database()).against_random(homes.DIGITS)
    assert against_random.sentences(found, ENGLISH)[:2] == [
        "With 112 labels random asking reaches 75.0%, and the rounds 89.1%.",
        "The rounds reached 75.0% with 100.",
    ]
    homes.add_random_rounds(home, (43, 27))
    found = RegistryService(home, home.database()).against_random(homes.DIGITS)
    assert against_random.sentences(found, ENGLISH)[-1] == (
        "What the rounds reach at their best takes 112 labels at random."
    )
    homes.add_random_rounds(home, (43, 7))
    found = RegistryService(home, home.database()).against_random(homes.DIGITS)
    assert against_random.sentences(found, ENGLISH)[-1] == "The rounds have not reached 98.1% yet."


def test_the_queue_is_drawn_by_class_and_state(told: ActiveLearning) -> None:
    chart = charts.queue(told, ENGLISH)
    bars = chart["data"]["values"]
    assert sum(one["count"] for one in bars) == homes.ASKED
    assert {one["class"] for one in bars} == set(homes.CLASSES)
    fields = {name: chart["encoding"][name]["field"] for name in ("x", "y", "color")}
    assert fields == {"x": "class", "y": "count", "color": "state"}
    assert {one["state"] for one in bars} <= set(chart["encoding"]["color"]["scale"]["domain"])


def test_what_is_found_of_each_class_is_drawn_for_each_version(told: ActiveLearning) -> None:
    chart = charts.recalls(told.recalls, ENGLISH)
    cells = chart["data"]["values"]
    assert [one["version"] for one in cells[:: len(homes.CLASSES)]] == list(homes.VERSIONS)
    for version, scores in told.recalls:
        drawn = {one["class"]: one["recall"] for one in cells if one["version"] == version}
        assert drawn == scores.recalls
    squares, numbers = chart["layer"]
    assert squares["encoding"]["color"]["field"] == numbers["encoding"]["text"]["field"] == "recall"
    assert squares["encoding"]["y"]["sort"] == list(homes.CLASSES)


def test_a_class_without_test_samples_has_no_cell(told: ActiveLearning) -> None:
    version, scores = told.recalls[-1]
    missing = replace(scores, recalls={**scores.recalls, homes.CLASSES[0]: None})
    cells = charts.recalls([(version, missing)], ENGLISH)["data"]["values"]
    assert homes.CLASSES[0] not in {one["class"] for one in cells}
    assert len(cells) == len(homes.CLASSES) - 1


def test_the_benchmark_is_held_against_accuracy_alone(told: ActiveLearning) -> None:
    kept = replace(told, yardstick=Yardstick(100.0, 200.0, 5))
    marks = [one["labels"] for one in charts.efficiency(kept, ENGLISH)["layer"][-1]["data"]["values"]]
    assert marks == [100.0, 200.0]
    spans = tuple(replace(one, measure=Measure.SPAN_F1) for one in kept.rounds)
    assert charts.efficiency(replace(kept, rounds=spans), ENGLISH)["layer"][-1]["data"]["values"] == []
