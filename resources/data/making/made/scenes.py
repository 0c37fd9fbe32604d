"""Scanned digits that lie about in a larger picture, with their boxes."""

import random
from pathlib import Path
from typing import TYPE_CHECKING

from resources.data.making.made.folder import Made, fill
from resources.data.making.source import grey_png
from resources.marks import Box, written
from resources.terms import Label

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCENE_CLASSES = tuple(map(Label, ("0", "1", "4", "7")))
SCENES = 400
SIDE_PX = 40
_MOST = 3
_SIDES_PX = (9, 10, 11, 12, 13)
_FREE_PX = 1


def fill_with_scenes(folder: Path) -> None:
    """Write the scenes and their boxes; see :func:`fill`."""
    fill(folder, scenes)


def scenes(count: int = SCENES) -> Made:
    """``count`` scenes of up to three digits."""
    import numpy as np
    from sklearn.datasets import load_digits

    scans, digits = load_digits(return_X_y=True)
    of_class = {label: scans[digits == int(label)] for label in SCENE_CLASSES}
    draw = random.Random(5)  # noqa: S311
    for number in range(count):
        noise = np.array([draw.randrange(40) for _ in range(SIDE_PX * SIDE_PX)], dtype=np.uint8)
        scene, boxes = noise.reshape(SIDE_PX, SIDE_PX), list[tuple[int, int, int]]()
        marks = []
        for _ in range(draw.randint(0 if number % 20 == 0 else 1, _MOST)):
            side = draw.choice(_SIDES_PX)
            x, y = draw.randrange(SIDE_PX - side), draw.randrange(SIDE_PX - side)
            if any(_touch((x, y, side), other) for other in boxes):
                continue
            label = draw.choice(SCENE_CLASSES)
            boxes.append((x, y, side))
            scan = _scaled(of_class[label][draw.randrange(len(of_class[label]))], side)
            part = scene[y : y + side, x : x + side]
            np.maximum(part, scan, out=part)
            share = 100 / SIDE_PX
            marks.append(Box(x * share, y * share, side * share, side * share, label))
        content = grey_png(scene.tobytes(), height_px=SIDE_PX, width_px=SIDE_PX)
        yield f"scene-{number:04d}.png", content, written(marks)


def _scaled(scan: "NDArray[np.float64]", side: int) -> "NDArray[np.uint8]":
    import numpy as np

    rows = np.arange(side) * 8 // side
    pixels: NDArray[np.uint8] = (scan.reshape(8, 8)[rows][:, rows] * 255 / 16).astype(np.uint8)
    return pixels


def _touch(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return all(
        one[axis] < other[axis] + other[2] + _FREE_PX and other[axis] < one[axis] + one[2] + _FREE_PX
        for axis in (0, 1)
    )
