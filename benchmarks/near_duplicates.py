"""How many planted near-duplicates are found, by what was done to them, and how many pairs are found wrongly.

The pictures are parts of the two photographs that scikit-learn brings, none overlapping another, and made-up
scenes whose fine and coarse detail are mixed as photographs mix them (a spectrum of 1/f). No two show the
same, so every pair of them that is found is a false alarm. Pictures of all but one plain colour are left
out, as the search leaves them out.
"""

import argparse
import io
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from resources.data.making.similarity.looks import look_at, look_dtype
from resources.data.making.similarity.pairs import PLAIN_BELOW, near_pairs
from resources.terms import SampleId

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

NAME = "near_duplicates"
DESCRIPTION = (
    "Altered copies of pictures, by what was done to them and by the side of the picture: the share that is "
    "found. Beside it the pairs that are found wrongly, among pictures of which no two show the same. "
    "`near_search`: the search through as many pictures, all of them new or 1 % of them."
)
SIDES_PX = (160, 64, 32)
Alteration = Callable[["Picture"], "Picture"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument("--scenes", type=int, default=1_500, help="how many scenes are made up for each side")
    parser.add_argument("--pictures", type=int, default=100_000, help="how many the search goes through")


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Shares found by alteration and by side of the picture, and false alarms for a million pairs."""
    import numpy as np

    found: dict[str, float] = {}
    wrong = pairs = 0
    for side_px in SIDES_PX:
        originals = [*photographs(side_px), *made_up(arguments.scenes, side_px)]
        looks = looks_of(originals)
        wrong += len(near_pairs(looks))
        pairs += len(looks) * (len(looks) - 1) // 2
        sample = originals[:: max(1, len(originals) // 300)]
        for kind, alter in alterations().items():
            found[f"near_{kind}_{side_px}px_found_share"] = share_found(sample, alter)
    digits = looks_of(list(digit_scans()))
    found["near_digits_8px_false_alarms"] = float(len(near_pairs(digits)))
    found["near_false_alarms_per_million_pairs"] = wrong / pairs * 1e6
    found["near_pairs_compared"] = float(pairs)
    begun = time.process_time()
    looks_of(sample)
    found["near_look_cpu_ms"] = (time.process_time() - begun) / len(sample) * 1e3
    draw, searched = np.random.default_rng(0), arguments.pictures
    many = np.zeros(searched, dtype=look_dtype())
    many["hash"] = draw.integers(0, 2**64, searched, dtype=np.uint64)
    many["thumbnail"] = draw.integers(0, 256, many["thumbnail"].shape)
    many["height_px"] = many["width_px"] = 64
    for name, first_new in (("all", 0), ("1pct_new", searched - searched // 100)):
        begun = time.process_time()
        near_pairs(many, first_new)
        found[f"near_search_{name}_cpu_s"] = time.process_time() - begun
    return found


def share_found(originals: "list[Picture]", alter: Alteration) -> float:
    """Of how many pictures the altered one is found, each compared with its original."""
    import numpy as np

    hits = 0
    for original in originals:
        both = np.array([look_at(_name(0), original), look_at(_name(1), alter(original))])
        hits += len(near_pairs(both))
    return hits / len(originals)


def alterations() -> dict[str, Alteration]:
    """What is done to a picture, by name."""
    from PIL import Image, ImageEnhance

    def resized(picture: "Picture", by: float) -> "Picture":
        size = (round(picture.width * by), round(picture.height * by))
        return picture.resize(size, Image.Resampling.BICUBIC)

    def cropped(picture: "Picture", left: float, top: float, right: float, bottom: float) -> "Picture":
        width, height = picture.size
        return picture.crop(
            (
                round(width * left),
                round(height * top),
                round(width * (1 - right)),
                round(height * (1 - bottom)),
            )
        )

    return {
        "jpeg90": lambda picture: _jpeg(picture, 90),
        "jpeg40": lambda picture: _jpeg(picture, 40),
        "half_size": lambda picture: resized(picture, 0.5),
        "larger": lambda picture: resized(picture, 1.5),
        "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.25),
        "darker": lambda picture: ImageEnhance.Brightness(picture).enhance(0.7),
        "cropped2": lambda picture: cropped(picture, 0.02, 0.02, 0.02, 0.02),
        "cropped5": lambda picture: cropped(picture, 0.05, 0.03, 0.03, 0.04),
    }


def photographs(side_px: int, *, most: int = 400) -> "Iterator[Picture]":
    """Squares cut from scikit-learn's two photographs, side by side, none of all but one colour."""
    from PIL import Image
    from sklearn.datasets import load_sample_images

    made = 0
    for photograph in load_sample_images().images:
        height_px, width_px = photograph.shape[:2]
        for top in range(0, height_px - side_px + 1, side_px):
            for left in range(0, width_px - side_px + 1, side_px):
                picture = Image.fromarray(photograph[top : top + side_px, left : left + side_px]).convert("L")
                if made < most and not _plain(picture):
                    made += 1
                    yield picture


def made_up(count: int, side_px: int, *, seed: int = 0) -> "Iterator[Picture]":
    """Scenes drawn at random, with a spectrum of 1/f to the power of 0.8 to 1.6."""
    import numpy as np
    from PIL import Image

    draw = np.random.default_rng(seed)
    frequencies = np.fft.fftfreq(side_px)
    radius = np.hypot(*np.meshgrid(frequencies, frequencies))
    radius[0, 0] = 1.0
    for _ in range(count):
        spectrum = np.fft.fft2(draw.standard_normal((side_px, side_px))) / radius ** draw.uniform(0.8, 1.6)
        spectrum[0, 0] = 0.0
        scene = np.real(np.fft.ifft2(spectrum))
        levels = scene / scene.std() * draw.uniform(25, 60) + draw.uniform(90, 160)
        yield Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def digit_scans() -> "Iterator[Picture]":
    """The 1,797 scans of 8 by 8 pixels: many of one class, none the same."""
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    for scan in load_digits().images:
        yield Image.fromarray((scan * 255 / 16).astype(np.uint8))


def looks_of(pictures: "list[Picture]") -> "NDArray[np.void]":
    """Their looks; a picture's name is its place."""
    import numpy as np

    return np.array([look_at(_name(place), one) for place, one in enumerate(pictures)], dtype=look_dtype())


def _name(number: int) -> SampleId:
    return SampleId(f"{number:064x}")


def _plain(picture: "Picture") -> bool:
    return bool(look_at(_name(0), picture)["thumbnail"].std() < 2 * PLAIN_BELOW)


def _jpeg(picture: "Picture", quality: int) -> "Picture":
    from PIL import Image

    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    file.seek(0)
    return Image.open(file).convert("L")
