import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.making.source import LABELS_FILE, fill_with_digits, grey_png, read_labels
from resources.errors import BadInput


@given(st.integers(1, 12), st.integers(1, 12), st.data())
def test_a_grey_png_gives_back_its_pixels(height_px: int, width_px: int, data: st.DataObject) -> None:
    from PIL import Image

    pixels = data.draw(st.binary(min_size=height_px * width_px, max_size=height_px * width_px))
    with Image.open(io.BytesIO(grey_png(pixels, height_px=height_px, width_px=width_px))) as shown:
        assert shown.mode == "L"
        assert np.asarray(shown).tobytes() == pixels


def test_a_png_is_the_same_bytes_on_every_machine() -> None:
    content = grey_png(bytes(range(64)), height_px=8, width_px=8)
    assert hashlib.sha256(content).hexdigest() == (
        "b0eb4945328da0f6a155a9246905713af8277632e60ed7ee9bca9bcdf82977de"
    )


def test_the_digits_are_filled_in_once_and_completed_after_a_kill(tmp_path: Path) -> None:
    fill_with_digits(tmp_path)
    files = sorted(tmp_path.glob("*.png"))
    labels = read_labels(tmp_path)
    assert len(files) == len(labels) == 1797
    assert set(labels.values()) == set("0123456789")
    before = {file.name: file.read_bytes() for file in files}
    (tmp_path / LABELS_FILE).unlink()
    files[0].unlink()
    files[1].rename(tmp_path / f".{files[1].name}.tmp")
    fill_with_digits(tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.glob("*.png")} == before
    assert read_labels(tmp_path) == labels
    files[0].unlink()
    fill_with_digits(tmp_path)
    assert not files[0].exists(), "a folder that is complete belongs to its owner"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "starts with nothing"),
        ("name,class\n", r"starts with \['name', 'class'\]; expected \['file', 'label'\]"),
        ("file,label\na.png,1\nb.png\n", "line 3 has 1 columns"),
        ("file,label\na.png,1\na.png,2\n", "line 3 calls a.png '2', an earlier line '1'"),
    ],
)
def test_a_bad_table_of_labels_is_refused_with_its_line(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / LABELS_FILE).write_text(text)
    with pytest.raises(BadInput, match=expected) as refused:
        read_labels(tmp_path)
    assert str(tmp_path / LABELS_FILE) in refused.value.next_step


def test_a_table_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / LABELS_FILE).write_bytes(b"file,label\n\xff\xfe.png,1\n")
    with pytest.raises(BadInput, match="not UTF-8"):
        read_labels(tmp_path)


def test_a_folder_without_a_table_has_no_labels(tmp_path: Path) -> None:
    assert read_labels(tmp_path) == {}
    (tmp_path / LABELS_FILE).write_text("file,label\na.png,1\na.png,1\n")
    assert read_labels(tmp_path) == {"a.png": "1"}
