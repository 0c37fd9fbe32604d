"""Questions whose answer is known, among those that a round asks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from resources.asking import Why
from resources.data.model import Split
from resources.labeling.model import QuestionState
from resources.labeling.predictions import Pick, PoolPredictions, PredictionFiles, Query
from resources.reviews import ReviewPlan
from resources.terms import FIRST_VERSION
from tests.resources.data.shapes import SHAPES
from tests.sensors.shapes_loop import ANNA, ShapesLoop, begun
from tests.servers.label_studio import LabelStudioServer
from trainplat_assets.labeling_round import LabelingRound


def round_of(loop: ShapesLoop, known_share: float) -> LabelingRound:
    """The round of the first version, whose champion chose three of the pool."""
    pool = tuple(sorted(loop.pool()))
    guesses = PoolPredictions("shapes-1", SHAPES.classes, pool, np.full((len(pool), 2), 0.5))
    picks = tuple(Pick(one, SHAPES.classes[0], 0.5) for one in pool[:3])
    files = PredictionFiles(loop.home)
    files.write_predictions(SHAPES.name, FIRST_VERSION, guesses)
    files.write_query(SHAPES.name, FIRST_VERSION, Query("shapes-1", "margin", picks))
    spec = replace(SHAPES, review=ReviewPlan(known_share=known_share))
    return LabelingRound(spec, FIRST_VERSION, loop.data, loop.registry, loop.people, ANNA)


@pytest.mark.real
def test_a_share_of_the_questions_is_about_test_samples_and_teaches_nothing(
    label_studio: LabelStudioServer, trainplat_home: Path
) -> None:
    loop = begun(trainplat_home)
    for _ in range(2):  # the same again asks the same
        round_of(loop, known_share=0.7).ask()

    questions = loop.people.questions(SHAPES.name)
    held_out = {one.id for one in loop.data.samples(SHAPES.name, FIRST_VERSION) if one.split is Split.TEST}
    known = [one for one in questions if one.why is Why.KNOWN]
    assert (len(questions), len(known)) == (5, 2)
    assert {one.sample for one in known} <= held_out

    for one in questions:
        loop.answer(one.sample)
    loop.people.poll(SHAPES.name, None, actor=ANNA)

    assert {one.state for one in loop.people.questions(SHAPES.name)} == {QuestionState.ANSWERED}
    confirmed = {one.sample for one in loop.people.confirmed(SHAPES.name)}
    assert confirmed == {one.sample for one in questions} - {one.sample for one in known}
