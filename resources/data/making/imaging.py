"""Image files as the arrays that models see."""

import io
import struct
import warnings
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"})
MAX_IMAGE_PIXELS = 100_000_000


class UnreadableSample(Exception):
    """The content is no sample that can be read; the message says why, in a clause."""


def transform_name(image_size_px: tuple[int, int]) -> str:
    """What :func:`grey_image` does, in words that change whenever its results would."""
    height_px, width_px = image_size_px
    return f"grey, 8 bit, {height_px}x{width_px} px, Lanczos where the size differs"


def grey_image(content: bytes, image_size_px: tuple[int, int]) -> "NDArray[np.uint8]":
    """An image file as [height, width] of brightness, 0 is black. Raises :class:`UnreadableSample`."""
    return scaled(decoded(content), image_size_px)


def scaled(grey: "Picture", image_size_px: tuple[int, int]) -> "NDArray[np.uint8]":
    """A grey picture as [height, width] of brightness, made smaller or larger where it has another size."""
    import numpy as np
    from PIL import Image

    height_px, width_px = image_size_px
    if grey.size != (width_px, height_px):
        grey = grey.resize((width_px, height_px), Image.Resampling.LANCZOS)
    return np.asarray(grey, dtype=np.uint8)


def decoded(content: bytes) -> "Picture":
    """An image file as a grey picture of its own size, upright. Raises :class:`UnreadableSample`."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if not content:
        raise UnreadableSample("the file is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as file:
                if file.width * file.height > MAX_IMAGE_PIXELS:
                    raise UnreadableSample(f"it has {file.width} x {file.height} pixels, too many to decode")
                upright = ImageOps.exif_transpose(file)
                return upright.convert("L")
    except UnreadableSample:
        raise
    except UnidentifiedImageError:
        raise UnreadableSample("it is in no image format that is known") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableSample("it claims to have too many pixels to decode") from None
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error) as problem:
        raise UnreadableSample(f"it cannot be decoded: {problem}") from problem
