"""``trainplat data upload``."""

from pathlib import Path

from resources.data.service import DataService
from resources.home import Home
from resources.kinds import Kind
from tests.resources.data.byhand.others import first_of, spec_of
from tests.resources.data.shapes import first_version, image
from tests.trainplat_cli.commands.data.running import data, told


def test_pictures_are_uploaded_once_and_the_refused_are_named(tmp_path: Path, trainplat_home: Path) -> None:
    home = Home(trainplat_home)
    first_version(DataService(home, home.database()))
    scans = tmp_path / "scans"
    scans.mkdir()
    (scans / "1.png").write_bytes(image(900))
    said = data("upload", "shapes", scans)
    assert "1 files are new to shapes" in said.stdout
    (scans / "notes.txt").write_text("x")
    again = data("upload", "shapes", scans, code=2)
    assert "1 are there already; 1 were refused" in again.stdout
    assert "lies in the inbox already" in again.stderr
    (scans / "notes.txt").unlink()
    document = told("upload", "shapes", scans / "1.png")
    assert (document["new"], document["waits"], document["files"][0]["fate"]) == (0, 1, "waits")
    data("upload", "pets", scans, code=4)


def test_texts_of_one_file_are_counted_and_its_bad_lines_named(tmp_path: Path, trainplat_home: Path) -> None:
    home, spec = Home(trainplat_home), spec_of(Kind.ENTITIES)
    first_of(DataService(home, home.database()), spec)
    path = tmp_path / "said.jsonl"
    path.write_text('{"text": "One"}\n{torn\n{"text": "Two"}\n')
    said = data("upload", spec.name, path, code=2)
    assert "They hold 2 new texts." in said.stdout
    assert "1 line holds no text." in said.stdout
    assert "line 2: it is no JSON" in said.stderr
    path.write_text('{"text": "Two"}\n')
    (file,) = told("upload", spec.name, path)["files"]
    assert (file["fate"], file["texts"], file["bad_lines"]) == ("waits", 0, [])
