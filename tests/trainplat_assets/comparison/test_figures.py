"""The pictures of a comparison."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.trainplat_assets.comparison.examples import comparison
from trainplat_assets.comparison import figures
from trainplat_assets.comparison.comparing import Comparison

TRUTH = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
SECOND = comparison(TRUTH, [0, 0, 0, 0, 1, 1, 1, 0, 2, 2], [1, 1, 0, 0, 1, 1, 1, 1, 2, 2])
FIRST = comparison(TRUTH, [0, 0, 0, 1, 1, 1, 1, 1, 2, 2], None)


def opened(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png))
    assert len(np.unique(np.asarray(picture.convert("L")))) > 10, "the picture is blank"
    return picture


@pytest.mark.parametrize("shown", [FIRST, SECOND, comparison(TRUTH, TRUTH, TRUTH, rounds=4)])
def test_accuracy_by_version_is_drawn_for_any_number_of_rounds(shown: Comparison) -> None:
    assert opened(figures.accuracy_by_version(shown)).width == 7.2 * figures.RESOLUTION_DPI


def test_two_models_have_their_confusion_matrices_side_by_side() -> None:
    alone, both = opened(figures.confusions(FIRST)), opened(figures.confusions(SECOND))
    assert both.size == (2 * alone.width, alone.height)


def test_recall_differences_are_drawn() -> None:
    opened(figures.recall_difference(SECOND))


def test_a_paired_view_grows_by_rows_and_shows_at_most_so_many() -> None:
    few, limit = np.arange(3), figures.SHOWN_PAIRS
    many = comparison([0] * (limit + 9), [0] * (limit + 9), [1] * (limit + 9))
    row = opened(figures.paired_view(SECOND, few)).height
    assert opened(figures.paired_view(many, many.fixed)).height == row * limit // figures.PAIRS_PER_ROW


@pytest.mark.parametrize(("shown", "places"), [(FIRST, [0]), (SECOND, [])])
def test_nothing_to_pair_is_refused(shown: Comparison, places: list[int]) -> None:
    with pytest.raises(ValueError, match="two models and at least one image"):
        figures.paired_view(shown, np.array(places, dtype=np.int64))
