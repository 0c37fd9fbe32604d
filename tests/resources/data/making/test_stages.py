import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from resources.data.making.sources.archive import ArchiveSource
from resources.data.making.sources.model import LabelsFrom
from resources.data.making.sources.tables import Column, ManifestSource
from resources.data.making.transforms import Pipeline, Transform
from resources.data.model import Quarantined, Split
from resources.data.reading import SOURCE_FOLDER
from resources.data.service import DataService
from resources.errors import BadInput
from resources.terms import FIRST_VERSION, VersionKey
from tests.resources.data.shapes import (
    ACTOR,
    SHAPES,
    answers,
    first_version,
    ids_of,
    image,
    label,
    next_version,
    write_labels,
    write_source,
)

V1 = VersionKey("v1.1")


@pytest.fixture
def folder(data: DataService) -> Path:
    """The source folder, with 24 good images."""
    folder = data.source_folder(SHAPES.name)
    write_source(folder, range(24))
    data.plan_first(SHAPES, ACTOR)
    return folder


def quarantined(data: DataService, version: VersionKey = FIRST_VERSION) -> dict[str, Quarantined]:
    data.collect(SHAPES, version)
    return {one.file: one for one in data.validate(SHAPES, version).quarantined}


def test_a_broken_image_is_left_out_by_name_and_the_version_goes_on(data: DataService, folder: Path) -> None:
    (folder / "shape-003.png").write_bytes(image(3)[:50])
    left_out = quarantined(data)
    assert list(left_out) == ["shape-003.png"]
    assert "cannot be decoded" in left_out["shape-003.png"].problem
    data.make(SHAPES, FIRST_VERSION, ACTOR)
    assert len(data.samples(SHAPES.name, FIRST_VERSION)) == 23
    assert (folder / "shape-003.png").exists()


def test_a_broken_image_that_was_mended_joins_the_next_version(data: DataService, folder: Path) -> None:
    (folder / "shape-003.png").write_bytes(b"")
    data.make(SHAPES, FIRST_VERSION, ACTOR)
    (folder / "shape-003.png").write_bytes(image(3))
    second = next_version(data)
    report = data.split(SHAPES, second)
    assert data.collect(SHAPES, second).new_samples == 1
    assert len(data.samples(SHAPES.name, second)) + report.held_back == 24


def test_a_label_outside_the_classes_is_left_out_by_name(data: DataService, folder: Path) -> None:
    write_labels(folder, [(f"shape-{one:03d}.png", "green" if one == 5 else label(one)) for one in range(24)])
    left_out = quarantined(data)
    assert list(left_out) == ["shape-005.png"]
    assert left_out["shape-005.png"].problem == "its label 'green' is none of the classes: dark, light"
    assert "labels.csv" in left_out["shape-005.png"].next_step


def test_a_file_that_was_imported_twice_counts_once(data: DataService, folder: Path) -> None:
    (folder / "zz-copy.png").write_bytes(image(4))
    report = data.collect(SHAPES, FIRST_VERSION)
    assert (report.files, report.samples) == (25, 24)
    assert report.duplicates == (("zz-copy.png", "shape-004.png"),)
    assert quarantined(data) == {}


def test_a_file_that_was_imported_again_later_is_no_new_sample(data: DataService) -> None:
    first_version(data)
    (data.source_folder(SHAPES.name) / "a-copy.png").write_bytes(image(4))
    second = next_version(data)
    report = data.collect(SHAPES, second)
    assert (report.files, report.samples, report.new_samples) == (25, 24, 0)
    assert report.duplicates == (("a-copy.png", "shape-004.png"),)


def test_one_image_with_two_labels_is_left_out(data: DataService, folder: Path) -> None:
    (folder / "zz-copy.png").write_bytes(image(4))
    rows = [(f"shape-{one:03d}.png", label(one)) for one in range(24)]
    write_labels(folder, [*rows, ("zz-copy.png", "light")])
    assert quarantined(data)["shape-004.png"].problem == "its content has several labels: dark, light"


def test_what_is_no_image_and_labels_of_nothing_are_named(data: DataService, folder: Path) -> None:
    (folder / "notes.txt").write_text("hello")
    rows = [(f"shape-{one:03d}.png", label(one)) for one in range(24)]
    write_labels(folder, [*rows, ("gone.png", "light")])
    left_out = quarantined(data)
    assert set(left_out) == {"notes.txt", "gone.png"}
    assert left_out["gone.png"].problem == "labels.csv names it, but it is not in the folder"
    data.make(SHAPES, FIRST_VERSION, ACTOR)
    assert len(data.samples(SHAPES.name, FIRST_VERSION)) == 24


def test_samples_that_left_the_source_folder_stay_in_later_versions(data: DataService) -> None:
    first_version(data)
    given = answers(data, FIRST_VERSION, 3)
    for file in data.source_folder(SHAPES.name).glob("*.png"):
        file.unlink()
    data.plan_next(SHAPES, given, ACTOR)
    assert quarantined(data, V1) == {}
    data.make(SHAPES, V1, ACTOR)
    assert len(data.samples(SHAPES.name, V1)) == 24
    assert data.damage(SHAPES.name, V1) == []


def test_samples_that_come_later_join_the_pool_or_are_held_back(data: DataService) -> None:
    first_version(data)
    write_source(data.source_folder(SHAPES.name), range(60))
    second = next_version(data)
    report = data.split(SHAPES, second)
    assert report.held_back > 0
    assert sum(report.counts.values()) == 60 - report.held_back
    assert ids_of(data, second, Split.TEST) == ids_of(data, FIRST_VERSION, Split.TEST)
    for split in Split:
        found = data.images(SHAPES.name, second, split)
        assert list(found.ids) == ids_of(data, second, split)
        paths = {one.id: one.path for one in data.samples(SHAPES.name, second)}
        assert all(
            paths[one].read_bytes().endswith(_stored(pixels.tobytes()))
            for one, pixels in zip(found.ids, found.images, strict=True)
        )
    third = next_version(data)
    assert data.split(SHAPES, third).held_back == report.held_back


def test_a_version_without_news_in_the_source_costs_only_its_own_files(data: DataService) -> None:
    first_version(data)
    cache = data.home.data / ".cache/files"
    before = {path for path in cache.rglob("*") if path.is_file()}
    next_version(data)
    after = {path for path in cache.rglob("*") if path.is_file()}
    assert len(after - before) == 3, "the list of the tree, samples.csv and version.json"


def test_a_source_with_too_few_labels_is_refused_where_it_is_split(data: DataService) -> None:
    write_source(data.source_folder(SHAPES.name), range(5))
    data.plan_first(SHAPES, ACTOR)
    with pytest.raises(BadInput, match="5 usable samples"):
        data.make(SHAPES, FIRST_VERSION, ACTOR)
    write_source(data.source_folder(SHAPES.name), range(24))
    data.make(SHAPES, FIRST_VERSION, ACTOR)


def test_an_empty_source_folder_is_refused_with_what_to_do(data: DataService) -> None:
    data.plan_first(SHAPES, ACTOR)
    with pytest.raises(BadInput, match="0 usable samples") as refused:
        data.make(SHAPES, FIRST_VERSION, ACTOR)
    assert "source folder" in refused.value.next_step


def test_transforms_that_change_between_versions_are_done_once_for_each_sample(
    data: DataService, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_version(data)
    done: list[int] = []
    right = Pipeline.apply

    def counted(self: Pipeline, content: bytes) -> "NDArray[np.uint8]":
        done.append(1)
        return right(self, content)

    monkeypatch.setattr(Pipeline, "apply", counted)
    inverted = replace(SHAPES, transforms=(Transform.of("invert"),))
    before = data.images(SHAPES.name, FIRST_VERSION, Split.TEST)
    data.plan_next(SHAPES, answers(data, FIRST_VERSION, 3), ACTOR)
    data.collect(inverted, V1)
    data.validate(inverted, V1)
    data.transform(inverted, V1)
    data.transform(inverted, V1)
    assert len(done) == 24
    data.make(inverted, V1, ACTOR)
    after = data.images(SHAPES.name, V1, Split.TEST)
    assert (after.images == 255 - before.images).all()
    assert data.snapshot(SHAPES.name, V1).transform.endswith("; invert 1()")
    done.clear()
    next_version(data)
    assert done == [], "the first pipeline's pictures are kept"


def _stored(pixels: bytes) -> bytes:
    """The end of the PNG file that these pixels make."""
    from resources.data.making.source import grey_png

    return grey_png(pixels, height_px=4, width_px=4)[-40:]


def test_samples_of_all_sources_go_into_one_version_with_what_is_said_about_them(
    data: DataService, folder: Path
) -> None:
    imports = folder.parent / "imports"
    imports.mkdir(parents=True)
    with zipfile.ZipFile(imports / "box.zip", "w") as packed:
        for one in range(24, 30):
            packed.writestr(f"{label(one)}/{one}.png", image(one))
        packed.writestr("light/copy-of-0.png", image(0))
    (imports / "40.png").write_bytes(image(40))
    (imports / "41.png").write_bytes(image(41)[:50])
    (imports / "list.csv").write_text("path,label,room\n40.png,dark,kitchen\n41.png,light,hall\n")
    spec = replace(
        SHAPES,
        sources=(
            ArchiveSource("box", "box.zip", LabelsFrom.FOLDER),
            ManifestSource("list", "list.csv", columns=(Column("room"),)),
        ),
    )
    report = data.collect(spec, FIRST_VERSION)
    assert (report.files, report.samples) == (33, 32)
    assert report.duplicates == (("box/light/copy-of-0.png", "shape-000.png"),)
    left_out = {one.file: one for one in data.validate(spec, FIRST_VERSION).quarantined}
    assert set(left_out) == {"shape-000.png", "list/41.png"}
    assert left_out["shape-000.png"].problem == "its content has several labels: dark, light"
    data.make(spec, FIRST_VERSION, ACTOR)
    tree = data._tree(SHAPES.name, FIRST_VERSION)
    rows = {row.source: row for row in tree.rows}
    assert len(rows) == 30
    assert rows["list/40.png"].metadata == (("room", "kitchen"),)
    assert rows["box/dark/24.png"].file_name.endswith(".png")
    origins = data.origins(spec, FIRST_VERSION)
    assert Counter(origins.values()) == {SOURCE_FOLDER: 23, "box": 6, "list": 1}
    assert origins[rows["list/40.png"].id] == "list"
    second = next_version(data)
    kept = {row.source: row for row in data._tree(SHAPES.name, second).rows}
    assert kept["list/40.png"].metadata == (("room", "kitchen"),)
