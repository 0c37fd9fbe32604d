import base64
import io

import numpy as np
import pytest
from PIL import Image

from trainplat_assets.pictures import MAX_URI_BYTES, bar_chart, embedded, sample_grid

DRAW = np.random.default_rng(0)


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def test_a_picture_is_embedded_as_a_data_uri_with_its_words() -> None:
    assert embedded(b"png", "two digits").md_str == (
        f"![two digits](data:image/png;base64,{base64.b64encode(b'png').decode()})"
    )


def test_a_picture_that_is_too_large_leaves_its_words() -> None:
    told = embedded(b"x" * MAX_URI_BYTES, "two digits").md_str
    assert told is not None
    assert "two digits" in told
    assert len(told) < 200


def test_a_grid_has_a_cell_for_each_sample() -> None:
    images = DRAW.integers(0, 255, (23, 8, 8), dtype=np.uint8)
    one_row = opened(sample_grid(images[:10], ["7"] * 10))
    three_rows = opened(sample_grid(images, ["7"] * 23))
    assert three_rows.width == one_row.width
    assert 2.5 < three_rows.height / one_row.height < 3


def test_scans_are_shown_as_the_squares_that_they_are() -> None:
    images = np.array([[[0, 255], [255, 0]]], dtype=np.uint8)
    shown = np.asarray(opened(sample_grid(images, [""])).convert("L"))
    assert set(np.unique(shown)) == {0, 255}


@pytest.mark.parametrize(("count", "side"), [(0, 8), (1, 8), (30, 8), (100, 64), (30, 500)])
def test_a_grid_is_small_enough_whatever_it_shows(count: int, side: int) -> None:
    images = DRAW.integers(0, 255, (count, side, side), dtype=np.uint8)
    shown = embedded(sample_grid(images, ["label"] * count), "samples").md_str
    assert shown is not None
    assert shown.startswith("![samples](data:image/png;base64,")
    assert len(shown) < MAX_URI_BYTES + 100


def test_images_that_are_not_square_keep_their_shape() -> None:
    tall = np.zeros((1, 20, 10), dtype=np.uint8)
    black = np.asarray(opened(sample_grid(tall, [""])).convert("L")) == 0
    assert black.any(axis=1).sum() == 2 * black.any(axis=0).sum()


@pytest.mark.parametrize(
    "series",
    [
        {"train": {"0": 8, "1": 11}},
        {"train": {"0": 8, "1": 11}, "test": {"0": 30, "2": 40}},
        {"train": {}},
        {},
    ],
)
def test_bars_are_drawn_for_any_series(series: dict[str, dict[str, float]]) -> None:
    shown = embedded(bar_chart(series, title="Labels", what="samples"), "labels").md_str
    assert shown is not None
    assert shown.startswith("![labels](data:image/png;base64,")
