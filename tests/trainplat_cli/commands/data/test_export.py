"""``trainplat data export`` and ``import``."""

from pathlib import Path

from tests.resources.data.interop.conftest import FILES, write
from tests.resources.data.interop.dvc import contents
from tests.trainplat_cli.commands.data.running import data, told


def test_what_is_exported_can_be_imported_as_another_data_set(tmp_path: Path) -> None:
    data("commit", "shapes", write(tmp_path / "work", FILES))
    said = data("export", "shapes", "--dvc", tmp_path / "export").stdout
    assert "shapes v1.0" in said.replace("\n", " ")
    assert "dvc checkout shapes.dvc" in said.replace("\n", " ")
    assert told("export", "shapes", "--dvc", tmp_path / "export")["new_objects"] == 0
    made = told("import", "copies", tmp_path / "export")
    assert made["output"] == "shapes"
    assert [version["tree"] for version in made["versions"]] == [told("show", "shapes")["tree"]]
    data("restore", "copies", "v1.0", "--to", tmp_path / "back")
    assert contents(tmp_path / "back") == FILES
    assert "1 revisions were imported before" in data("import", "copies", tmp_path / "export").stdout


def test_people_see_the_versions_that_an_import_made(tmp_path: Path) -> None:
    data("commit", "shapes", write(tmp_path / "work", FILES))
    data("export", "shapes", "--dvc", tmp_path / "export")
    assert data("import", "copies", tmp_path / "export").stdout.startswith("copies v1.0: 3 files, 2.2 MiB")


def test_a_folder_that_is_no_repository_is_not_found(tmp_path: Path) -> None:
    assert "no repository of DVC" in data("import", "copies", tmp_path, code=4).output
