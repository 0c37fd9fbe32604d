"""A data set for tests whose pictures are large enough to be told apart: scenes of 48 by 48 pixels."""

import io
from pathlib import Path

from PIL import Image, ImageEnhance

from benchmarks.near_duplicates import made_up
from resources.data.spec import DatasetSpec
from resources.terms import DatasetName, Label
from tests.resources.data.shapes import write_labels

TEXTURES = DatasetSpec(
    name=DatasetName("textures"),
    title="Textures",
    classes=(Label("dark"), Label("light")),
    image_size_px=(16, 16),
    first_labelled=4,
    test_count=6,
    labels_per_round=3,
    seed=7,
)


def scenes(count: int, seed: int = 0) -> list[Image.Image]:
    """So many scenes, none like another; every other one is lighter."""
    return [
        ImageEnhance.Brightness(scene).enhance(0.7 if number % 2 == 0 else 1.1)
        for number, scene in enumerate(made_up(count, 48, seed=seed))
    ]


def png(picture: Image.Image) -> bytes:
    """The picture as a PNG file."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def again(picture: Image.Image, quality: int = 80) -> bytes:
    """The same picture as another file: smaller, brighter and lossy."""
    file = io.BytesIO()
    smaller = picture.resize((40, 40), Image.Resampling.BICUBIC)
    ImageEnhance.Brightness(smaller).enhance(1.1).save(file, "JPEG", quality=quality)
    return file.getvalue()


def write_textures(folder: Path, pictures: list[Image.Image], *, labelled: bool = True) -> None:
    """Put them into a source folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures):
        (folder / f"scene-{number:03d}.png").write_bytes(png(picture))
    if labelled:
        write_labels(
            folder,
            [
                (f"scene-{number:03d}.png", "dark" if number % 2 == 0 else "light")
                for number in range(len(pictures))
            ],
        )
