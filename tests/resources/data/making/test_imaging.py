import io

import numpy as np
import pytest

from resources.data.making.imaging import UnreadableSample, grey_image, transform_name
from tests.resources.data.shapes import image


def encoded(mode: str, size: tuple[int, int], form: str = "PNG") -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new(mode, size, 255).save(file, format=form)
    return file.getvalue()


def test_an_image_of_the_right_size_is_taken_pixel_by_pixel() -> None:
    shown = grey_image(image(3), (4, 4))
    assert shown.shape == (4, 4)
    assert shown.dtype == np.uint8
    assert shown[3, 3] == 3


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "1", "P", "LA", "CMYK"])
def test_an_image_of_any_kind_becomes_grey_of_one_size(mode: str) -> None:
    content = encoded(mode, (30, 20), "TIFF" if mode == "CMYK" else "PNG")
    assert grey_image(content, (8, 6)).shape == (8, 6)


def test_height_comes_before_width() -> None:
    assert grey_image(encoded("L", (3, 9)), (9, 3)).shape == (9, 3)
    assert "9x3 px" in transform_name((9, 3))


def test_an_image_that_lies_on_its_side_is_set_upright() -> None:
    from PIL import Image

    photo = Image.fromarray(np.array([[0, 0, 255, 255]] * 2, dtype=np.uint8).repeat(8, 0).repeat(8, 1))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: its left is the picture's top
    file = io.BytesIO()
    photo.save(file, format="PNG", exif=exif)
    shown = grey_image(file.getvalue(), (32, 16))
    assert shown[:4].mean() < 10
    assert shown[-4:].mean() > 245


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"not an image at all", "no image format"),
        (image(1)[:60], "cannot be decoded"),
        (image(1)[:20], "cannot be decoded|no image format"),
        (image(1)[:45] + b"\xff\xff" + image(1)[47:], "cannot be decoded"),
        (encoded("L", (64, 64), "JPEG")[:200], "cannot be decoded"),
    ],
)
def test_a_broken_image_says_what_is_wrong_with_it(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableSample, match=reason):
        grey_image(content, (8, 8))


@pytest.mark.parametrize("side", [11_000, 14_000, 40_000])
def test_an_image_that_claims_to_be_huge_is_not_decoded(side: int) -> None:
    head = image(1)
    huge = head[:16] + side.to_bytes(4, "big") * 2 + head[24:]
    with pytest.raises(UnreadableSample, match="too many"):
        grey_image(_with_checksum(huge), (8, 8))


def _with_checksum(png: bytes) -> bytes:
    import zlib

    return png[:29] + zlib.crc32(png[12:29]).to_bytes(4, "big") + png[33:]
