from pathlib import Path

import pytest

from resources.data.making import pixels
from resources.data.making.pixels import PixelCache
from resources.data.making.transforms import Pipeline, Transform
from resources.terms import SampleId
from tests.resources.data.shapes import image

PLAIN = Pipeline((), (4, 4))
INVERTED = Pipeline((Transform.of("invert"),), (4, 4))


class Shelf:
    """Images by number, which counts what is read."""

    def __init__(self) -> None:
        self.read_names: list[str] = []

    def samples(self, *numbers: int) -> dict[SampleId, str]:
        return {SampleId(f"{number:064x}"): str(number) for number in numbers}

    def read(self, name: str) -> bytes:
        self.read_names.append(name)
        if int(name) >= 90:
            raise OSError("the disk is gone")
        return image(int(name))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def test_a_picture_is_transformed_once_for_each_pipeline(tmp_path: Path, shelf: Shelf) -> None:
    for count in (2, 5, 5):
        found = PixelCache(tmp_path, PLAIN).take(shelf.samples(*range(count)), shelf.read)
    assert shelf.read_names == ["0", "1", "2", "3", "4"]
    assert all((one == PLAIN.apply(image(number))).all() for number, one in enumerate(found.values()))
    shelf.read_names.clear()
    inverted = PixelCache(tmp_path, INVERTED).take(shelf.samples(1, 7), shelf.read)
    assert shelf.read_names == ["1", "7"]
    again = PixelCache(tmp_path, PLAIN).take(shelf.samples(1), shelf.read)
    assert len(shelf.read_names) == 2
    one = SampleId(f"{1:064x}")
    assert (inverted[one] == 255 - again[one]).all()


def test_what_was_transformed_before_a_stop_is_not_transformed_again(
    tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixels, "AT_ONCE", 2)
    with pytest.raises(OSError, match="the disk is gone"):
        PixelCache(tmp_path, PLAIN).take(shelf.samples(0, 1, 2, 3, 90), shelf.read)
    shelf.read_names.clear()
    PixelCache(tmp_path, PLAIN).take(shelf.samples(0, 1, 2, 3, 4), shelf.read)
    assert shelf.read_names == ["4"]


def test_a_damaged_part_only_costs_the_time_to_make_it_again(tmp_path: Path, shelf: Shelf) -> None:
    whole = PixelCache(tmp_path, PLAIN).take(shelf.samples(0, 1), shelf.read)
    [part] = tmp_path.rglob("*.npz")
    (part.parent / ".half.tmp").write_bytes(b"")
    for content in (b"", part.read_bytes()[:-40]):
        part.write_bytes(content)
        again = PixelCache(tmp_path, PLAIN).take(shelf.samples(0, 1), shelf.read)
        assert all((again[one] == whole[one]).all() for one in whole)
    assert not list(tmp_path.rglob("*.tmp"))
