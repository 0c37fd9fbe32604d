"""Files are kept whole, never over others, and one that is broken hides none."""

from pathlib import Path

import pytest

from resources.errors import BadInput, Conflict, NotFound
from resources.pipelines.folder import OURS, PIPELINES_VARIABLE, Broken, Folder
from resources.pipelines.model import Pipeline
from resources.pipelines.problems import BadPipeline
from tests.resources.pipelines.texts import PRETRAIN, with_lines


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "pipelines")
    assert folder.names() == ()
    made = folder.write("wine", PRETRAIN)
    assert folder.read("wine") == made
    assert folder.names() == ("wine",)


def test_a_pipeline_is_written_over_by_force_only(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("wine", PRETRAIN)
    other = with_lines("seeds: [1]")
    with pytest.raises(Conflict, match="there is a pipeline 'wine' already"):
        folder.write("wine", other)
    assert folder.read("wine").text == PRETRAIN
    assert folder.write("wine", other, force=True) == folder.read("wine")


def test_nothing_is_written_that_declares_no_pipeline(tmp_path: Path) -> None:
    with pytest.raises(BadPipeline):
        Folder(tmp_path).write("wine", with_lines("nonsense: 1"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "Wine", "../wine", "wine/red", "1wine", "w" * 41])
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="pipeline name"):
        Folder(tmp_path).read(name)


def test_a_name_that_is_not_there_says_which_are(tmp_path: Path) -> None:
    Folder(tmp_path).write("wine", PRETRAIN)
    with pytest.raises(NotFound, match="There are: wine"):
        Folder(tmp_path).read("beer")


def test_a_broken_file_stands_among_the_others_with_its_problem(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("wine", PRETRAIN)
    for name, content in {"broken": b"a: [", "latin": b"type: \xe9"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "defs.yaml").write_bytes(content)
    (tmp_path / "no_pipeline").mkdir()
    found = list(folder.all())
    assert [(type(one), one.name) for one in found] == [
        (Broken, "broken"),
        (Broken, "latin"),
        (Pipeline, "wine"),
    ]


def test_the_environment_says_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PIPELINES_VARIABLE, raising=False)
    assert Folder.from_environment().path == OURS
    monkeypatch.setenv(PIPELINES_VARIABLE, str(tmp_path))
    assert Folder.from_environment().path == tmp_path


def test_every_pipeline_that_comes_with_the_platform_can_be_read() -> None:
    assert not [one for one in Folder(OURS).all() if isinstance(one, Broken)]
