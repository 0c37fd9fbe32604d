"""What a picture looks like, in 320 bytes: enough to tell whether another one shows the same."""

from typing import TYPE_CHECKING

from resources.terms import SampleId

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

THUMBNAIL_PX = 16
HASH_SIDE = 8
"""A hash of 8 by 8 bits."""


def look_dtype() -> "np.dtype[np.void]":
    """One row for each sample."""
    import numpy as np

    return np.dtype(
        [
            ("id", "S32"),  # the 32 bytes of the SHA-256; numpy cuts zero bytes off the end, see row_ids
            ("hash", "<u8"),
            ("thumbnail", "u1", (THUMBNAIL_PX * THUMBNAIL_PX,)),
            ("height_px", "<u4"),
            ("width_px", "<u4"),
            ("brightness", "<f4"),
            ("contrast", "<f4"),
        ]
    )


def look_at(sample: SampleId, picture: "Image") -> "NDArray[np.void]":
    """The row of one grey picture: a pHash of the library imagehash, a thumbnail, size, brightness, contrast.

    Brightness is the mean of all pixels, 0 to 255, and contrast their standard deviation.
    """
    import imagehash
    import numpy as np
    from PIL import Image

    row: NDArray[np.void] = np.zeros((), dtype=look_dtype())
    pixels = np.asarray(picture, dtype=np.uint8)
    small = picture.resize((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS)
    row["id"] = bytes.fromhex(sample)
    row["hash"] = np.packbits(imagehash.phash(picture, hash_size=HASH_SIDE).hash).view("<u8")[0]
    row["thumbnail"] = np.asarray(small, dtype=np.uint8).ravel()
    row["height_px"], row["width_px"] = pixels.shape
    row["brightness"], row["contrast"] = pixels.mean(), pixels.std()
    return row


def row_ids(looks: "NDArray[np.void]") -> list[SampleId]:
    """The samples of the rows."""
    return [SampleId(raw.ljust(32, b"\0").hex()) for raw in looks["id"].tolist()]
