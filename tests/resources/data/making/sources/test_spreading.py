"""Sources of data sets of texts: files of one text, and files that hold many."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from resources.data.making.inventory import Inventory
from resources.data.making.sources.archive import ArchiveSource
from resources.data.making.sources.model import Source, files_of
from resources.data.making.sources.prefix import PrefixSource
from resources.data.making.sources.spreading import spread, text_id
from resources.data.making.sources.tables import ManifestSource
from resources.data.making.sources.taking import take_from
from resources.data.making.sources.watched import WatchedFolder
from resources.data.service import DataService
from resources.data.storage.objects import ObjectStore
from resources.home import Home
from resources.kinds import Kind
from resources.terms import FIRST_VERSION
from tests.resources.data.byhand.others import spec_of
from tests.resources.data.shapes import ACTOR

LINES = b'{"text": "First of all", "label": "praise", "from": "ann"}\nno JSON\n{"text": "Then"}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "texts"
    place.mkdir()
    (place / "one.txt").write_text("One")
    (place / "two.md").write_text("# Two")
    (place / "many.jsonl").write_bytes(LINES)
    (place / "scan.png").write_bytes(b"x")
    return place


def source(kind: str, folder: Path) -> Source:
    """These files, by way of a source of this kind."""
    if kind == "folder":
        return WatchedFolder("place", str(folder), still_for_s=0.0)
    if kind == "prefix":
        return PrefixSource("place", f"file://{folder}")
    if kind == "zip":
        with zipfile.ZipFile(folder.parent / "all.zip", "w") as packed:
            for path in sorted(folder.iterdir()):
                packed.write(path, path.name)
        return ArchiveSource("place", str(folder.parent / "all.zip"))
    lines = ["path,label", *(f"{path},question" for path in sorted(folder.iterdir()))]
    (folder.parent / "all.csv").write_text(
        "\n".join(line.replace(f"{folder}", folder.name) for line in lines)
    )
    return ManifestSource("place", str(folder.parent / "all.csv"))


def take(one: Source, place: Path) -> Inventory:
    objects = ObjectStore(place / "cache")
    return spread(take_from(one, place, objects, place / "j", wanted=files_of(is_text=True)), objects)


@pytest.mark.parametrize("kind", ["folder", "prefix", "zip", "manifest"])
def test_every_source_takes_texts_and_files_that_hold_many(kind: str, folder: Path, tmp_path: Path) -> None:
    found = take(source(kind, folder), tmp_path)
    names = {one.name.removeprefix("place/").removeprefix("texts/"): one for one in found.files}
    assert set(names) == {"one.txt", "two.md", "many.jsonl/line-1.txt", "many.jsonl/line-3.txt"}
    first = names["many.jsonl/line-1.txt"]
    assert (first.id, first.labels, first.metadata) == (
        text_id(b"First of all"),
        ("praise",),
        (("from", "ann"),),
    )
    assert ObjectStore(tmp_path / "cache").read(first.stored.md5) == b"First of all"
    assert names["many.jsonl/line-3.txt"].labels == (("question",) if kind == "manifest" else ())
    told = {one.file.rpartition("/")[2]: one.problem for one in found.strays}
    assert told.keys() == {"many.jsonl", "scan.png"}
    assert told["many.jsonl"].startswith("line 2: it is no JSON")
    assert "does not end like a text's" in told["scan.png"]


def test_what_sources_of_texts_say_is_in_the_first_version(trainplat_home: Path) -> None:
    data = DataService(Home(trainplat_home), Home(trainplat_home).database())
    spec = spec_of(Kind.TEXT_CLASSES)
    table = data.source_folder(spec.name).parent / "more.jsonl"
    spec = replace(spec, sources=(WatchedFolder("more", str(table.parent / "more"), 0.0),))
    (table.parent / "more").mkdir(parents=True)
    lines = [{"text": f"Number {one}", "label": spec.classes[0]} for one in range(3)]
    (table.parent / "more" / "a.jsonl").write_text("\n".join(map(json.dumps, [*lines, {"text": "Which?"}])))
    data.plan_first(spec, ACTOR)
    data.make(spec, FIRST_VERSION, ACTOR)
    known = {one.id for one in data.samples(spec.name, FIRST_VERSION)}
    held = {text_id(f"Number {one}".encode()) for one in range(3)} | {text_id(b"Which?")}
    assert len(held & known) >= 3, "all but what is held back for its hash"
