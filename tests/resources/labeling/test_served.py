"""The pictures that people see."""

from pathlib import Path

import pytest
from PIL import Image

from resources.errors import BadInput
from resources.labeling.served import SHORT_SIDE_PX, picture_path, serve
from resources.showing import ShownFrom
from resources.terms import DatasetName
from tests.resources.labeling.people import CATS, picture, sample_id


def test_a_tiny_picture_is_shown_large_and_none_of_its_pixels_is_blurred(tmp_path: Path) -> None:
    tiny = picture(tmp_path, 3)
    target = tmp_path / "served" / "large.png"

    serve(tiny, target)

    with Image.open(tiny) as before, Image.open(target) as after:
        assert after.size == (256, 256)
        assert [after.convert("L").getpixel((x * 32 + 31, 7 * 32)) for x in range(8)] == [
            before.getpixel((x, 7)) for x in range(8)
        ]


@pytest.mark.parametrize("size", [(28, 28), (100, 60), (129, 300), (3, 40), (255, 256), (256, 256)])
def test_the_short_side_is_large_enough_and_the_shape_stays(size: tuple[int, int], tmp_path: Path) -> None:
    Image.new("L", size).save(tmp_path / "small.png")

    serve(tmp_path / "small.png", tmp_path / "served.png")

    with Image.open(tmp_path / "served.png") as after:
        factor = after.width // size[0]
        assert after.size == (size[0] * factor, size[1] * factor)
        assert min(after.size) >= SHORT_SIDE_PX
        assert factor == 1 or min(size) * (factor - 1) < SHORT_SIDE_PX


def test_a_large_picture_stays_as_it_is(tmp_path: Path) -> None:
    Image.new("RGB", (700, 300)).save(tmp_path / "large.jpg")

    serve(tmp_path / "large.jpg", tmp_path / "served.png")

    with Image.open(tmp_path / "served.png") as after:
        assert after.size == (700, 300)


def test_a_picture_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    target = tmp_path / "served.png"
    target.write_bytes(b"there")

    serve(tmp_path / "missing.png", target)

    assert target.read_bytes() == b"there"


def test_a_missing_image_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"missing\.png cannot be shown") as told:
        serve(tmp_path / "missing.png", tmp_path / "served.png")

    assert "Put the intact file back" in told.value.next_step
    assert not (tmp_path / "served.png").exists()


def test_the_address_is_below_the_document_root(tmp_path: Path) -> None:
    sample = sample_id(1)

    assert ShownFrom().address(CATS, sample) == f"/data/local-files/?d=cats/{sample}.png"
    assert picture_path(tmp_path, DatasetName("cats"), sample) == tmp_path / "cats" / f"{sample}.png"
