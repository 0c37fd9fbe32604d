"""New texts come by themselves as pictures do: once, whole, and into the pool of the next version."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from resources.data.arrivals.service import ArrivalService
from resources.data.collecting.needed import Needed
from resources.data.making.sources.watched import WatchedFolder
from resources.data.model import Split
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.data.storage.repository import DatasetRepository
from resources.errors import Conflict
from resources.home import Home
from resources.kinds import Kind
from resources.terms import VersionKey
from tests.resources.data.byhand.others import first_of, spec_of
from tests.resources.data.shapes import ACTOR, NOW, SHAPES, image

V1 = VersionKey("v1.1")
SPEC = spec_of(Kind.TEXT_CLASSES)


@pytest.fixture
def coming(trainplat_home: Path) -> ArrivalService:
    return ArrivalService(Home(trainplat_home), Home(trainplat_home).database(), lambda: NOW)


@pytest.fixture
def data(coming: ArrivalService) -> DataService:
    """A first version of texts."""
    made = DataService(coming.home, coming.database, lambda: NOW)
    first_of(made, SPEC)
    return made


def put(coming: ArrivalService, name: str, content: str | bytes, spec: DatasetSpec = SPEC) -> Path:
    inbox = coming.inbox(spec.name)
    inbox.mkdir(parents=True, exist_ok=True)
    path = inbox / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def lines(*texts: str) -> str:
    return "\n".join(json.dumps({"text": one, "from": "ann"}) for one in texts)


def take(coming: ArrivalService, most_new: int = 100, spec: DatasetSpec = SPEC) -> list[str | None]:
    """What is wrong with each one that is new."""
    (place,) = coming.places(spec, still_for_s=0.0)
    return [one.problem for one in coming.take(spec, place, ACTOR, most_new=most_new).new]


def test_texts_and_files_that_hold_many_come_from_the_inbox_once(coming: ArrivalService) -> None:
    put(coming, "one.txt", "One")
    put(coming, "many.jsonl", lines("One", "Two", "Three"))
    put(coming, "table.csv", "from,text\nbob,Four\nbob,Two\n")
    assert take(coming) == [None] * 4
    assert [one for one in coming.inbox(SPEC.name).iterdir() if one.is_file()] == []
    assert coming.waiting(SPEC.name) == 4
    put(coming, "again.jsonl", lines("Three", "Two"))
    put(coming, "five.md", "Five")
    assert take(coming) == [None]
    assert take(coming) == []


def test_what_is_no_text_is_kept_with_the_reason_and_costs_no_other(coming: ArrivalService) -> None:
    put(coming, "many.jsonl", lines("One") + "\n{torn\n" + lines("Two"))
    put(coming, "latin.txt", "café".encode("latin-1"))
    put(coming, "empty.txt", " \n")
    put(coming, "utf16.txt", "text".encode("utf-16"))
    put(coming, "long.txt", "a" * ((1 << 20) + 1))
    assert len(take(coming)) == 7
    assert coming.waiting(SPEC.name) == 2
    told = {one.name: one.problem or "" for one in coming.left_out(SPEC.name)}
    assert told["inbox/many.jsonl"].startswith("line 2: it is no JSON")
    assert told["inbox/latin.txt"].startswith("it is no UTF-8 text")
    assert told["inbox/empty.txt"] == "the file is empty"
    assert told["inbox/utf16.txt"] == "it is UTF-16 text; expected UTF-8"
    assert told["inbox/long.txt"].startswith("it has 1048577 bytes")


def test_a_long_file_comes_over_several_looks_and_lies_there_until_all_of_it_came(
    coming: ArrivalService,
) -> None:
    path = put(coming, "many.jsonl", lines(*(f"Text {one}" for one in range(10))))
    assert len(take(coming, most_new=4)) == 4
    assert path.exists()
    assert len(take(coming, most_new=4)) == 4
    assert len(take(coming, most_new=4)) == 2
    assert not path.exists()
    assert coming.waiting(SPEC.name) == 10
    assert coming.left_out(SPEC.name) == []


def test_a_watched_file_that_grows_brings_what_is_new_in_it_and_tells_a_bad_line_once(
    coming: ArrivalService, tmp_path: Path
) -> None:
    spec = replace(SPEC, watched=(WatchedFolder("log", str(tmp_path / "log"), 0.0),))
    (tmp_path / "log").mkdir()
    log = tmp_path / "log" / "said.jsonl"
    log.write_text(lines("One") + "\n{torn\n")
    assert len(take(coming, spec=spec)) == 2
    with log.open("a") as file:
        file.write(lines("Two") + "\n")
    assert take(coming, spec=spec) == [None]
    assert take(coming, spec=spec) == []
    assert coming.waiting(SPEC.name) == 2
    assert log.exists()


def test_what_waits_is_kept_and_the_file_that_held_it_is_not(coming: ArrivalService) -> None:
    path = put(coming, "many.jsonl", lines("One", "Two"))
    content = path.read_bytes()
    take(coming)
    repository = DatasetRepository(coming.home, SPEC.name)
    table, text = repository.objects.put(content), repository.objects.put(b"One")
    with coming.database.read_plainly() as rows:
        needed = Needed(repository.objects, coming.home.data).names(rows)
    assert text.md5 in needed
    assert table.md5 not in needed


def test_texts_come_into_the_pool_with_what_is_said_about_them(
    data: DataService, coming: ArrivalService
) -> None:
    put(coming, "many.jsonl", lines(*(f"A text that nobody saw before, number {one}" for one in range(8))))
    take(coming)
    planned = data.plan_for_arrivals(SPEC, ACTOR)
    assert planned is not None
    before = {one.id for one in data.samples(SPEC.name, data.versions(SPEC.name)[0].version)}
    data.make(SPEC, V1, ACTOR)
    new = [one for one in data.samples(SPEC.name, V1) if one.id not in before]
    assert {one.split for one in new} == {Split.POOL}
    assert len(new) >= 5, "all but what is held back for its hash"
    assert all(one.path.read_text().startswith("A text that nobody saw before") for one in new)
    rows = {row.id: row for row in data._tree(SPEC.name, V1).rows}
    assert all(rows[one.id].metadata == (("from", "ann"),) for one in new)


def test_nobody_is_asked_about_a_text_that_says_what_another_one_says(
    data: DataService, coming: ArrivalService
) -> None:
    first = data.versions(SPEC.name)[0].version
    old = next(one for one in data.samples(SPEC.name, first) if one.split is Split.POOL)
    texts = [f"Another thing, said {one} times" for one in range(6)]
    twins = [f"  {one.upper()}\r\n" for one in texts]
    put(coming, "many.jsonl", lines(*texts, *twins, old.path.read_text().swapcase() + "\n"))
    assert take(coming) == [None] * 13
    data.plan_for_arrivals(SPEC, ACTOR)
    data.make(SPEC, V1, ACTOR)
    said = [one.path.read_text().casefold().split() for one in data.samples(SPEC.name, V1)]
    assert len({" ".join(one) for one in said}) == len(said)
    assert data.near_duplicates(SPEC, V1) == []
    left_out = data._tree(SPEC.name, V1).document.validated.quarantined
    assert len(left_out) == 7
    assert {one.problem.partition(" as ")[0] for one in left_out} == {"it says the same"}


def test_a_data_set_of_pictures_takes_no_texts_and_one_of_texts_no_pictures(coming: ArrivalService) -> None:
    put(coming, "one.txt", "One", SHAPES)
    put(coming, "many.jsonl", lines("One"), SHAPES)
    assert take(coming, spec=SHAPES) == []
    put(coming, "1.png", image(1))
    assert take(coming) == []
    assert (coming.waiting(SHAPES.name), coming.waiting(SPEC.name)) == (0, 0)


def test_a_text_that_was_collected_before_it_was_taken_in_is_no_loss(coming: ArrivalService) -> None:
    put(coming, "one.txt", "One")
    repository = DatasetRepository(coming.home, SPEC.name)
    taken = ArrivalService._keep

    def collect(self: ArrivalService, *given: object) -> None:
        for one in repository.objects.cache.rglob("*"):
            if one.is_file():
                one.chmod(0o644)
                one.unlink()
        taken(self, *given)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ArrivalService, "_keep", collect)
        with pytest.raises(Conflict, match="the next look takes it in"):
            take(coming)
    assert take(coming) == [None]
