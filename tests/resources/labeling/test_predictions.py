"""The files between a champion and its questions."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from resources.asking import Why
from resources.errors import NotFound
from resources.home import Home
from resources.labeling.predictions import Pick, PoolPredictions, PredictionFiles, Query, marks_written
from resources.terms import Label, SampleId
from tests.resources.labeling.people import CATS, CLASSES, V1, V2, sample_id


def predictions(rows: list[list[float]]) -> PoolPredictions:
    ids = tuple(sample_id(number) for number in range(len(rows)))
    return PoolPredictions("cats-1", CLASSES, ids, np.array(rows, dtype=np.float64).reshape(len(rows), 3))


@pytest.mark.parametrize("rows", [[], [[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]])
def test_predictions_are_read_as_they_were_written(trainplat_home: Path, rows: list[list[float]]) -> None:
    files = PredictionFiles(Home(trainplat_home))
    files.write_predictions(CATS, V1, predictions(rows))

    kept = files.read_predictions(CATS, V1)

    assert (kept.model, kept.classes, kept.ids) == ("cats-1", CLASSES, predictions(rows).ids)
    assert kept.probabilities.tolist() == rows


def test_what_a_strategy_needs_is_kept_with_them(trainplat_home: Path) -> None:
    files = PredictionFiles(Home(trainplat_home))
    bare = predictions([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
    full = replace(
        bare,
        embeddings=np.ones((2, 4), dtype=np.float32),
        labelled_embeddings=np.zeros((5, 4), dtype=np.float32),
        labelled_counts=np.array([3, 2, 0]),
        members=np.full((2, 2, 3), 1 / 3),
    )
    files.write_predictions(CATS, V1, full)

    kept = files.read_predictions(CATS, V1)

    for name in ("embeddings", "labelled_embeddings", "labelled_counts", "members"):
        there, written = getattr(kept, name), getattr(full, name)
        assert (there.dtype, there.tolist()) == (written.dtype, written.tolist())


def test_files_from_before_embeddings_and_random_picks_are_still_read(
    trainplat_home: Path,
) -> None:
    files = PredictionFiles(Home(trainplat_home))
    path = files.write_predictions(CATS, V1, predictions([[0.2, 0.5, 0.3]]))
    with np.load(path) as kept:
        assert set(kept) == {"model", "classes", "ids", "probabilities"}, "as they were written then"
    old = {"model": "cats-1", "strategy": "margin", "picks": [{"sample": "a", "guess": "cat", "score": 0.4}]}
    path.with_name(f"{V1}.query.json").write_text(json.dumps(old))

    assert files.read_predictions(CATS, V1).embeddings is None
    assert files.read_query(CATS, V1).picks == (Pick(SampleId("a"), Label("cat"), 0.4, Why.STRATEGY),)


def test_the_guess_is_the_likeliest_class() -> None:
    assert predictions([[0.2, 0.5, 0.3]]).guess(0) == ("dog", 0.5)


def test_where_answers_are_marks_the_guess_is_the_whole_answer() -> None:
    marks = replace(predictions([[0.2, 0.5, 0.3]]), guesses=("[]",), sureness=np.array([0.9]))
    assert marks.guess(0) == ("[]", 0.9)


def test_marks_that_were_found_are_kept_unless_they_are_very_unsure(trainplat_home: Path) -> None:
    found = (Label("[]"), 0.91), (Label("[1]"), 0.2)
    marks = marks_written(found), marks_written([])
    files = PredictionFiles(Home(trainplat_home))
    files.write_predictions(CATS, V1, replace(predictions([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]), marks=marks))

    kept = files.read_predictions(CATS, V1)

    assert [kept.found(row) for row in range(2)] == [((Label("[]"), 0.91),), ()]
    assert predictions([[0.2, 0.5, 0.3]]).found(0) == ()


def test_one_sample_with_many_marks_makes_the_others_no_larger(trainplat_home: Path) -> None:
    files = PredictionFiles(Home(trainplat_home))
    long = marks_written([(Label("[]"), 0.9)] * 5_000)
    told = replace(
        predictions([[0.2, 0.5, 0.3]] * 300),
        guesses=(long, *("[]",) * 299),
        sureness=np.full(300, 0.9),
        marks=(long, *("[]",) * 299),
    )
    path = files.write_predictions(CATS, V1, told)

    kept = files.read_predictions(CATS, V1)

    assert (kept.guesses, kept.marks) == (told.guesses, told.marks)
    with zipfile.ZipFile(path) as parts:
        assert sum(part.file_size for part in parts.infolist()) < 1_000_000


def test_answers_that_were_kept_as_columns_of_texts_are_read(trainplat_home: Path) -> None:
    files = PredictionFiles(Home(trainplat_home))
    path = files.write_predictions(CATS, V1, predictions([[0.2, 0.5, 0.3]]))
    with np.load(path) as parts:
        old = {**parts, "guesses": np.array(["[]"]), "sureness": np.array([0.9]), "marks": np.array(["[]"])}
    np.savez(path, **old)

    kept = files.read_predictions(CATS, V1)

    assert (kept.guess(0), kept.found(0)) == (("[]", 0.9), ())


def test_a_query_is_read_as_it_was_written_and_belongs_to_its_version(trainplat_home: Path) -> None:
    files = PredictionFiles(Home(trainplat_home))
    query = Query(
        "cats-1",
        "margin",
        (Pick(sample_id(1), CLASSES[0], 0.4), Pick(sample_id(0), CLASSES[1], 0.5, Why.RANDOM)),
    )
    files.write_query(CATS, V1, query)

    assert files.read_query(CATS, V1) == query
    with pytest.raises(NotFound, match=r"cats v1\.1 has no query yet"):
        files.read_query(CATS, V2)
    with pytest.raises(NotFound, match=r"cats v1\.1 has no pool predictions yet"):
        files.read_predictions(CATS, V2)
