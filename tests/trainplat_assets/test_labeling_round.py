"""Questions whose answer is known, among those that a round asks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from resources.asking import Why
from resources.data.making.sources.tables import ManifestSource
from resources.data.model import Split
from resources.data.service import DataService
from resources.data.storage.repository import DatasetRepository
from resources.home import Home
from resources.labeling.model import QuestionState
from resources.labeling.predictions import Pick, PoolPredictions, PredictionFiles, Query
from resources.labeling.service import LabelingService
from resources.reviews import ReviewPlan
from resources.showing import ShownFrom
from resources.terms import FIRST_VERSION
from tests.resources.data.shapes import SHAPES, image, write_source
from tests.sensors.shapes_loop import ANNA, ShapesLoop, begun
from tests.servers.label_studio import LabelStudioServer
from tests.servers.published import published
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


@pytest.mark.real
@pytest.mark.slow
def test_pictures_of_the_web_are_shown_from_there_and_a_changed_one_as_a_copy_which_is_told(
    label_studio: LabelStudioServer, trainplat_home: Path, tmp_path: Path
) -> None:
    home = Home(trainplat_home)
    loop = ShapesLoop(home, DataService(home, home.database()), LabelingService(home, home.database()))
    write_source(loop.data.source_folder(SHAPES.name), range(24))
    for number in range(300, 308):
        (tmp_path / f"{number}.png").write_bytes(image(number))
    with published(tmp_path) as address:
        imports = DatasetRepository(loop.home, SHAPES.name).imports
        imports.mkdir(parents=True, exist_ok=True)
        lines = ["path,label", *(f"{address}/{number}.png," for number in range(300, 308))]
        (imports / "all.csv").write_text("\n".join(lines))
        spec = replace(
            SHAPES, sources=(ManifestSource("web", "all.csv"),), shown_from=ShownFrom(originals=True)
        )
        loop.data.plan_first(spec, ANNA)
        loop.data.make(spec, FIRST_VERSION, ANNA)
        rows = [one for one in loop.data._tree(spec.name, FIRST_VERSION).rows if one.split is Split.POOL]
        theirs = [one for one in rows if one.source.startswith("web/")][:2]
        ours = next(one for one in rows if not one.source.startswith("web/"))
        picks = tuple(Pick(one.id, SHAPES.classes[0], 0.5) for one in (*theirs, ours))
        PredictionFiles(loop.home).write_query(spec.name, FIRST_VERSION, Query("shapes-1", "margin", picks))
        (tmp_path / theirs[1].source.rpartition("/")[2]).write_bytes(image(999) + b" ")
        said: list[str] = []
        round_ = LabelingRound(spec, FIRST_VERSION, loop.data, loop.registry, loop.people, ANNA)
        round_.ask(said.append)

    tasks = {
        one.sample: label_studio.client().connection.get(f"/api/tasks/{one.task}/").json()["data"]["image"]
        for one in loop.people.questions(spec.name)
    }
    assert tasks[theirs[0].id] == f"http://{theirs[0].source.removeprefix('web/')}"
    assert f"{theirs[1].id}.png" in tasks[theirs[1].id]
    assert f"{ours.id}.png" in tasks[ours.id]
    (sentence,) = said
    assert sentence.startswith("A copy is shown: http://")
    assert sentence.endswith("what lies there is not what came from there any more.")
