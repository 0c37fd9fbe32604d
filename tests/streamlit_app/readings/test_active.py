from dataclasses import replace

import pytest
from sqlalchemy import insert, select, update

from resources.asking import Why
from resources.home import Home
from resources.kinds import Measure
from resources.labeling.predictions import PredictionFiles, Query
from resources.labeling.tables import CONFIRMED, QUESTIONS
from resources.texts import translator
from streamlit_app.active import charts
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
    _, interval, point, _ = charts.efficiency(told, ENGLISH)["layer"]
    (drawn,) = interval["data"]["values"]
    ends = [drawn[interval["encoding"][one]["field"]] for one in ("y", "y2")]
    assert ends[0] < drawn[point["encoding"]["y"]["field"]] == 0.5 < ends[1]


def test_the_benchmark_is_held_against_accuracy_alone(told: ActiveLearning) -> None:
    kept = replace(told, yardstick=Yardstick(100.0, 200.0, 5))
    marks = [one["labels"] for one in charts.efficiency(kept, ENGLISH)["layer"][-1]["data"]["values"]]
    assert marks == [100.0, 200.0]
    spans = tuple(replace(one, measure=Measure.SPAN_F1) for one in kept.rounds)
    assert charts.efficiency(replace(kept, rounds=spans), ENGLISH)["layer"][-1]["data"]["values"] == []
