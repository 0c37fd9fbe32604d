"""``trainplat data upload``."""

from pathlib import Path

from resources.data.service import DataService
from resources.home import Home
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
