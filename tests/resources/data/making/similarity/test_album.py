import hashlib
import io
from pathlib import Path

import pytest

from benchmarks.near_duplicates import made_up
from resources.data.making.similarity import album as module
from resources.data.making.similarity.album import Album
from resources.terms import SampleId


class Shelf:
    """Contents by name, which counts what is read."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.read_names: list[str] = []

    def put(self, content: bytes) -> SampleId:
        sample = SampleId(hashlib.sha256(content).hexdigest())
        self.contents[f"object-{sample}"] = content
        return sample

    def read(self, name: str) -> bytes:
        self.read_names.append(name)
        return self.contents[name]

    def named(self, *samples: SampleId) -> dict[SampleId, str]:
        return {sample: f"object-{sample}" for sample in samples}


def encodings(count: int, *forms: str) -> list[list[bytes]]:
    """For each of ``count`` scenes its file in each form."""
    found = []
    for scene in made_up(count, 48):
        files = []
        for form in forms:
            file = io.BytesIO()
            scene.save(file, form)
            files.append(file.getvalue())
        found.append(files)
    return found


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def test_only_what_is_new_is_read_and_the_pairs_are_those_of_one_go(tmp_path: Path, shelf: Shelf) -> None:
    scenes = encodings(6, "PNG", "BMP")
    samples = [shelf.put(file) for files in scenes for file in files]
    at_once, _ = Album(tmp_path / "one").take_in(shelf.named(*samples), shelf.read)
    assert len(at_once.among(samples)) == 6
    shelf.read_names.clear()
    by_parts = Album(tmp_path / "other")
    for count in (1, 4, 7, 12):
        looks, broken = by_parts.take_in(shelf.named(*samples[:count]), shelf.read)
    assert broken == {}
    assert len(shelf.read_names) == 12
    assert looks.among(samples) == at_once.among(samples)
    assert by_parts.read().among(samples[2:7]) == at_once.among(samples[2:7])
    assert len(at_once.among(samples[2:7])) == 2


def test_what_cannot_be_decoded_is_told_and_the_rest_is_looked_at(tmp_path: Path, shelf: Shelf) -> None:
    [[good]] = encodings(1, "PNG")
    samples = [shelf.put(good), shelf.put(b"no picture")]
    looks, broken = Album(tmp_path).take_in(shelf.named(*samples), shelf.read)
    assert list(looks.places) == [samples[0]]
    assert str(broken[samples[1]]) == "it is in no image format that is known"


def test_a_sample_whose_name_ends_in_zeros_is_known_again(tmp_path: Path, shelf: Shelf) -> None:
    [[good]] = encodings(1, "PNG")
    odd = SampleId("ab" * 30 + "0000")
    shelf.contents["odd"] = good
    Album(tmp_path).take_in({odd: "odd"}, shelf.read)
    assert list(Album(tmp_path).read().places) == [odd]


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 cut short", b"\x93NUMPY"])
def test_a_damaged_file_only_costs_the_time_to_make_it_again(
    tmp_path: Path, shelf: Shelf, damage: bytes
) -> None:
    samples = [shelf.put(file) for files in encodings(2, "PNG", "BMP") for file in files]
    whole, _ = Album(tmp_path).take_in(shelf.named(*samples), shelf.read)
    [file] = tmp_path.iterdir()
    for content in (damage, file.read_bytes()[:-30]):
        file.write_bytes(content)
        again, _ = Album(tmp_path).take_in(shelf.named(*samples), shelf.read)
        assert again.among(samples) == whole.among(samples)


def test_what_was_looked_at_before_a_stop_is_not_looked_at_again(
    tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    samples = [shelf.put(file) for [file] in encodings(5, "PNG")]
    del shelf.contents[f"object-{samples[4]}"]
    with pytest.raises(KeyError):
        Album(tmp_path).take_in(shelf.named(*samples), shelf.read)
    assert len(Album(tmp_path).read().places) == 4
