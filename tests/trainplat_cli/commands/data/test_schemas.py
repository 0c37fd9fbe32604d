"""The schema of a version in ``trainplat data show``, ``diff`` and ``commit``."""

from pathlib import Path

import pytest

from tests.resources.data.folders import write
from tests.trainplat_cli.commands.data.running import data, told


@pytest.fixture
def pets(trainplat_home: Path, tmp_path: Path) -> Path:
    """A folder that is pets v1.0."""
    files = {"cat/1.jpg": b"1", "dog/2.jpg": b"2", "labels.csv": b"file,label\na,cat\nb,dog\n"}
    folder = write(tmp_path / "pets", files | {"notes.csv": b"\xff"})
    data("commit", "pets", folder)
    return folder


def test_show_tells_what_is_in_the_files(pets: Path) -> None:
    shown = data("show", "pets").stdout
    for text in ("cat, dog", ".jpg", "file text; label text (cat, dog)", "unknown: it is no UTF-8 text"):
        assert text in shown
    schema = told("show", "pets")["schema"]
    assert schema["class_folders"] == ["cat", "dog"]
    assert schema["files"]["notes.csv"] == {"kind": "csv", "unread": "not_utf8"}


def test_diff_tells_what_breaks_readers(pets: Path) -> None:
    write(pets, {"labels.csv": b"file,label,by\na,cat,x\nb,cow,x\n"})
    committed = data("commit", "pets", pets).stdout
    assert "It breaks those who read the version before:" in committed
    assert "the class dog is gone from labels.csv, column label (breaks readers)" in committed
    shown = data("diff", "pets", "v1.0").stdout
    assert "In the schema:\n  the class dog is gone from labels.csv, column label (breaks readers)" in shown
    assert "  labels.csv has a new column by\n" in shown
    schema = told("diff", "pets", "v1.0", "v2.0")["schema"]
    assert schema["breaks"]
    assert {
        "what": "class_removed",
        "path": "labels.csv",
        "column": "label",
        "name": "dog",
        "breaks": True,
    } in (schema["changes"])


def test_diff_tells_a_class_folder_that_is_gone_and_many_changes_in_short(pets: Path) -> None:
    (pets / "dog/2.jpg").unlink()
    rows = "".join(f"{place},kind {place}\n" for place in range(15))
    write(pets, {"labels.csv": f"file,label\n{rows}".encode(), "cow/1.jpg": b"1"})
    made = told("commit", "pets", pets)
    assert (made["version"], len(made["schema_changes"])) == ("v2.0", 20)
    shown = data("diff", "pets", "v1.0").stdout
    assert "  the class folder dog is gone (breaks readers)\n" in shown
    assert "  … and 10 more\n" in shown
