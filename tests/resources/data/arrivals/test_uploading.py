"""What somebody uploads comes once, and what does not come is told with the reason."""

import json
from pathlib import Path

import pytest

from resources.data.arrivals.service import ArrivalService
from resources.data.arrivals.uploading import Fate, Uploaded, Uploader, counts
from resources.data.model import Split
from resources.data.service import DataService
from resources.database.engine import Database
from resources.errors import NotFound
from resources.home import Home
from resources.kinds import Kind
from resources.terms import DatasetName
from tests.resources.data.byhand.others import first_of, spec_of
from tests.resources.data.shapes import ACTOR, SHAPES, first_version, image


@pytest.fixture
def data(any_database: Database, trainplat_home: Path) -> DataService:
    """The shapes with a first version."""
    service = DataService(Home(trainplat_home), any_database)
    first_version(service)
    return service


@pytest.fixture
def coming(data: DataService) -> ArrivalService:
    return ArrivalService(data.home, data.database)


def upload(data: DataService, coming: ArrivalService, *paths: Path) -> list[Uploaded]:
    seen: list[int] = []

    def see(files: int, size_bytes: int, to_come: int = 0) -> None:
        seen.append(files)

    done = list(Uploader(coming, data, SHAPES.name).upload(paths, see))
    assert len(seen) == len(done)
    return done


def fates(done: list[Uploaded]) -> list[Fate]:
    return [one.fate for one in done]


def picture(folder: Path, number: int, name: str | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / (name or f"{number}.png")
    path.write_bytes(image(number))
    return path


def test_a_file_comes_once_and_the_same_again_is_told(
    data: DataService, coming: ArrivalService, tmp_path: Path
) -> None:
    new, same = picture(tmp_path, 900), picture(tmp_path, 900, "other.png")
    assert fates(upload(data, coming, new, same)) == [Fate.NEW, Fate.WAITS]
    assert fates(upload(data, coming, new)) == [Fate.WAITS]
    (place,) = coming.places(SHAPES, still_for_s=0.0)
    assert len(coming.take(SHAPES, place, ACTOR).new) == 1
    (again,) = upload(data, coming, new)
    assert again.reason == "it waits for a version already"
    planned = data.plan_for_arrivals(SHAPES, ACTOR)
    assert planned is not None
    (again,) = upload(data, coming, new)
    assert again.reason == "it came before, for v1.1"
    data.make(SHAPES, planned.version, ACTOR)
    (again,) = upload(data, coming, new)
    assert (again.fate, again.reason) == (Fate.KNOWN, "it is in v1.1 already")
    assert [one.split for one in data.samples(SHAPES.name, planned.version) if one.id == again.sample] == [
        Split.POOL
    ]


def test_a_sample_of_the_source_folder_is_known_too(
    data: DataService, coming: ArrivalService, tmp_path: Path
) -> None:
    source = next(data.source_folder(SHAPES.name).rglob("*.png"))
    (told,) = upload(data, coming, source)
    assert told.fate is Fate.KNOWN


def test_folders_are_gone_through_and_what_is_no_picture_is_refused_by_name(
    data: DataService, coming: ArrivalService, tmp_path: Path
) -> None:
    folder = tmp_path / "scans"
    picture(folder, 901)
    picture(folder, 902, ".hidden.png")
    (folder / "notes.txt").write_text("x")
    (folder / "torn.png").write_bytes(image(903)[:40])
    (folder / "link.png").symlink_to(folder / "901.png")
    done = upload(data, coming, folder)
    assert {one.path.name: one.fate for one in done} == {
        "901.png": Fate.NEW,
        "notes.txt": Fate.REFUSED,
        "torn.png": Fate.REFUSED,
    }
    assert all(one.reason for one in done if one.fate is Fate.REFUSED)
    assert counts(done)[Fate.REFUSED] == 2
    assert len([path for path in coming.inbox(SHAPES.name).iterdir() if path.is_file()]) == 1


def test_a_data_set_that_no_pipeline_makes_takes_no_upload(data: DataService, coming: ArrivalService) -> None:
    with pytest.raises(NotFound, match="trainplat data commit pets"):
        Uploader(coming, data, DatasetName("pets"))


def test_texts_are_uploaded_once_and_a_file_of_many_tells_its_bad_lines(
    any_database: Database, trainplat_home: Path, tmp_path: Path
) -> None:
    data, spec = DataService(Home(trainplat_home), any_database), spec_of(Kind.TEXT_CLASSES)
    first_of(data, spec)
    coming = ArrivalService(data.home, any_database)

    def send(name: str, content: bytes) -> Uploaded:
        (tmp_path / name).write_bytes(content)
        (done,) = Uploader(coming, data, spec.name).upload([tmp_path / name], lambda *_: None)
        return done

    old = data.samples(spec.name, data.versions(spec.name)[0].version)[0]
    assert send("old.txt", old.path.read_bytes()).fate is Fate.KNOWN
    assert send("scan.png", image(1)).fate is Fate.REFUSED
    assert send("latin.txt", "café".encode("latin-1")).reason.startswith("it is no UTF-8 text")
    assert send("one.txt", b"One").fate is Fate.NEW
    many = send(
        "many.jsonl", b'{"text": "One"}\n{torn\n{"text": "Two"}\n{"text": "Three"}\n{"text": "Two"}\n'
    )
    assert (many.fate, many.bad_lines[0][:21]) == (Fate.NEW, "line 2: it is no JSON")
    (place,) = coming.places(spec, still_for_s=0.0)
    assert sum(one.problem is None for one in coming.take(spec, place, ACTOR).new) == 3
    again = send("again.csv", b"text\nTwo\nThree\n")
    assert (again.fate, again.texts) == (Fate.WAITS, 0)
    assert again.reason == "all its texts came before; the first: it waits for a version already"
    known = send("known.jsonl", json.dumps({"text": old.path.read_bytes().decode()}).encode())
    assert (known.fate, known.reason) == (Fate.KNOWN, "all its texts are in v1.0 already")
    none = send("none.jsonl", b"{torn\n[]\n")
    assert (none.fate, none.reason, len(none.bad_lines)) == (
        Fate.REFUSED,
        "none of its lines holds a text",
        2,
    )
    assert send("empty.csv", b"\n").reason == "it holds no line"
