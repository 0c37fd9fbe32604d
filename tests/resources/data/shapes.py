"""A small data set for tests: 4 by 4 pixel images that are dark or light, made as fast as they are read."""

import csv
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from resources.data.making.source import LABELS_FILE, grey_png
from resources.data.model import ConfirmedLabel, Split
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.home import Home
from resources.terms import FIRST_VERSION, Actor, DatasetName, Label, SampleId, VersionKey

ACTOR = Actor("user:ann")
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SHAPES = DatasetSpec(
    name=DatasetName("shapes"),
    title="Shapes",
    classes=(Label("dark"), Label("light")),
    image_size_px=(4, 4),
    first_labelled=4,
    test_count=6,
    labels_per_round=3,
    seed=7,
)


def image(number: int) -> bytes:
    """The image of this number: no two are alike."""
    level = 60 if number % 2 == 0 else 190
    draw = random.Random(number)
    pixels = bytes(level + draw.randrange(-40, 40) for _ in range(14)) + number.to_bytes(2, "big")
    return grey_png(pixels, height_px=4, width_px=4)


def label(number: int) -> str:
    """Its true label."""
    return "dark" if number % 2 == 0 else "light"


def write_source(folder: Path, numbers: Sequence[int]) -> None:
    """Put these images into a source folder; ``labels.csv`` names them all."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"shape-{number:03d}.png").write_bytes(image(number))
    write_labels(folder, [(f"shape-{number:03d}.png", label(number)) for number in numbers])


def write_labels(folder: Path, rows: Sequence[tuple[str, str]]) -> None:
    """Write ``labels.csv``."""
    with (folder / LABELS_FILE).open("w", newline="") as file:
        csv.writer(file).writerows([("file", "label"), *rows])


def service(home: Path, clock: Callable[[], datetime] = lambda: NOW) -> DataService:
    """The data sets of this home."""
    return DataService(Home(home), Home(home).database(), clock)


def first_version(data: DataService, count: int = 24) -> None:
    """Make the first version of the shapes from ``count`` images."""
    write_source(data.source_folder(SHAPES.name), range(count))
    data.plan_first(SHAPES, ACTOR)
    data.make(SHAPES, FIRST_VERSION, ACTOR)


def answers(
    data: DataService, version: VersionKey, count: int, prefix: str = "answer"
) -> list[ConfirmedLabel]:
    """True labels for the first samples of a version's pool."""
    truth = data.true_labels(SHAPES.name)
    pool = [one.id for one in data.samples(SHAPES.name, version) if one.split is Split.POOL]
    return [ConfirmedLabel(one, truth[one], f"{prefix}-{version}-{one[:8]}") for one in pool[:count]]


def next_version(data: DataService, count: int = 3) -> VersionKey:
    """Plan and make one more version with ``count`` new labels."""
    newest = data.versions(SHAPES.name)[-1].version
    planned = data.plan_next(SHAPES, answers(data, newest, count), ACTOR)
    data.make(SHAPES, planned.version, ACTOR)
    return planned.version


def ids_of(data: DataService, version: VersionKey, split: Split) -> list[SampleId]:
    """The samples of one split."""
    return [one.id for one in data.samples(SHAPES.name, version) if one.split is split]
