"""Where samples lie already is told while the same content lies there, and else why not."""

from dataclasses import replace
from pathlib import Path

import pytest

from resources.data.making.originals import NO_ORIGINALS, Originals, find_originals
from resources.data.making.sources.model import Source
from resources.data.making.sources.places import Places
from resources.data.making.sources.prefix import PrefixSource
from resources.data.making.sources.tables import ManifestSource
from resources.data.making.sources.taking import take_from
from resources.data.manifest import SampleRow
from resources.data.model import Split
from resources.data.spec import DatasetSpec
from resources.data.storage.repository import DatasetRepository
from resources.home import Home
from tests.resources.data.shapes import SHAPES, image
from tests.servers.published import published
from tests.servers.s3 import Bucket


@pytest.fixture
def repository(trainplat_home: Path) -> DatasetRepository:
    made = DatasetRepository(Home(trainplat_home), SHAPES.name)
    made.imports.mkdir(parents=True)
    return made


def collected(repository: DatasetRepository, source: Source) -> tuple[DatasetSpec, list[SampleRow]]:
    """What a version would hold of it, with the journal as collecting leaves it."""
    journal = repository.root / f".source-{source.name}.jsonl"
    found = take_from(source, repository.imports, repository.objects, journal)
    rows = [
        SampleRow(one.id, Split.POOL, None, one.stored.md5, one.stored.size_bytes, one.name)
        for one in found.files
    ]
    return replace(SHAPES, sources=(source,)), rows


def told(found: Originals, rows: list[SampleRow]) -> dict[str, str]:
    """By the last part of each one's name."""
    said = {**found.addresses, **found.refused}
    return {one.source.rpartition("/")[2]: said[one.id] for one in rows if one.id in said}


def manifest(repository: DatasetRepository, *addresses: str) -> ManifestSource:
    (repository.imports / "all.csv").write_text("\n".join(["path,label", *(f"{one}," for one in addresses)]))
    return ManifestSource("web", "all.csv")


def test_a_picture_on_the_web_is_found_there_until_another_one_lies_there(
    repository: DatasetRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(image(number))
    with published(tmp_path) as address:
        spec, rows = collected(repository, manifest(repository, *(f"{address}/{n}.png" for n in range(3))))
        with monkeypatch.context() as patched:
            patched.setattr(Places, "read", lambda *_: pytest.fail("it has the same time: nothing is read"))
            found = find_originals(repository, spec, rows)
        assert told(found, rows) == {f"{n}.png": f"{address}/{n}.png" for n in range(3)}
        assert found.refused == {}
        (tmp_path / "0.png").write_bytes(image(7) + b" ")
        (tmp_path / "1.png").unlink()
        (repository.root / ".source-web.jsonl").unlink()  # what was known is lost: then it is read
        now = told(find_originals(repository, spec, rows), rows)
    assert now["2.png"] == f"{address}/2.png"
    assert now["0.png"].endswith("0.png is not shown: what lies there is not what came from there any more.")
    assert "answers 404" in now["1.png"]


def test_an_address_that_would_tell_a_secret_or_no_browser_shows_is_refused(
    repository: DatasetRepository, tmp_path: Path
) -> None:
    for name in ("a.png", "b.png", "c.tif", "d e.png"):
        (tmp_path / name).write_bytes(image(ord(name[0])))
    with published(tmp_path) as address:
        names = ("a.png", "b.png?key=secret", "c.tif", "d%20e.png")
        spec, rows = collected(repository, manifest(repository, *(f"{address}/{one}" for one in names)))
        found = find_originals(repository, spec, rows)
    now = told(found, rows)
    assert list(found.addresses.values()) == [f"{address}/a.png"]
    assert "a password or a query" in now["b.png"]
    assert "secret" not in "".join(found.refused.values())
    assert "browsers show" in now["c.tif"]
    assert "characters" in now["d%20e.png"]


def test_a_key_of_a_bucket_is_found_until_another_content_lies_there(
    repository: DatasetRepository, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        bucket.put(f"cameras/{number}.png", image(number))
    spec, rows = collected(repository, PrefixSource("cameras", f"{bucket.url}/cameras"))
    with monkeypatch.context() as patched:
        patched.setattr(Places, "read", lambda *_: pytest.fail("it has the same ETag: nothing is read"))
        found = find_originals(repository, spec, rows)
    assert told(found, rows) == {f"{n}.png": f"{bucket.url}/cameras/{n}.png" for n in range(2)}
    bucket.put("cameras/0.png", image(9))
    now = find_originals(repository, spec, rows)
    assert list(now.addresses.values()) == [f"{bucket.url}/cameras/1.png"]
    assert "not what came from there any more" in told(now, rows)["0.png"]


def test_what_has_no_address_is_in_no_part_and_a_lost_table_refuses_its_own(
    repository: DatasetRepository, tmp_path: Path
) -> None:
    (repository.imports / "1.png").write_bytes(image(1))
    spec, rows = collected(repository, manifest(repository, "1.png"))
    assert find_originals(repository, spec, rows) == NO_ORIGINALS
    assert find_originals(repository, SHAPES, rows) == NO_ORIGINALS, "its source is declared no more"
    (repository.imports / "all.csv").unlink()
    assert "is not there" in told(find_originals(repository, spec, rows), rows)["1.png"]
