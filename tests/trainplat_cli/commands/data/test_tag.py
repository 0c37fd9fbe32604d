"""``trainplat data tag`` and ``log``: names for versions, and who made which one with what words."""

import re
from pathlib import Path

import pytest

from resources.users import current_user
from tests.resources.data.folders import write
from tests.trainplat_cli.commands.data.running import data, told


@pytest.fixture
def pets(trainplat_home: Path, tmp_path: Path) -> Path:
    """A folder that is pets v1.1."""
    folder = write(tmp_path / "pets", {"a.txt": b"1"})
    data("commit", "pets", folder, "-m", "the first pictures")
    write(folder, {"b.txt": b"22"})
    data("commit", "pets", folder, "-m", "a second one")
    return folder


def test_a_tag_is_a_name_that_all_commands_take(pets: Path, tmp_path: Path) -> None:
    assert "pets has no tags." in data("tag", "pets").stdout
    assert re.search(r"^released +v1\.0", data("tag", "pets", "v1.0", "released").stdout, re.MULTILINE)
    assert told("tag", "pets") == {"tags": [{"tag": "released", "version": "v1.0"}]}
    shown = told("show", "pets", "released")
    assert (shown["version"], shown["tags"]) == ("v1.0", ["released"])
    assert re.search(r"^tags +released", data("show", "pets", "v1.0").stdout, re.MULTILINE)
    assert data("diff", "pets", "released").stdout.startswith("+ b.txt\n")
    data("restore", "pets", "released", "--to", tmp_path / "old")
    assert [one.name for one in (tmp_path / "old").iterdir()] == ["a.txt"]


def test_a_tag_is_moved_only_where_that_is_said_and_taken_away(pets: Path) -> None:
    data("tag", "pets", "v1.0", "released")
    refused = data("tag", "pets", "v1.1", "released", code=5)
    assert "tag released of pets names v1.0 already" in refused.stderr
    assert told("tag", "pets", "v1.1", "released", "--move")["tags"][0]["version"] == "v1.1"
    assert "pets has no tags." in data("tag", "pets", "--remove", "released").stdout
    assert "pets has no tag 'released'" in data("tag", "pets", "--remove", "released", code=4).stderr
    assert told("log", "pets")["versions"][0]["version"] == "v1.1", "its version stays"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["v1.0"], 2, "give both a version and a tag"),
        (["v1.0", "v2.0"], 2, "looks like a version"),
        (["v9.0", "released"], 4, "no version, tag or branch 'v9.0'"),
    ],
)
def test_what_is_no_tag_is_refused(pets: Path, arguments: list[str], code: int, words: str) -> None:
    assert words in data("tag", "pets", *arguments, code=code).stderr


def test_log_tells_who_made_which_version_with_what_words(pets: Path) -> None:
    titles, newest, first = data("log", "pets").stdout.splitlines()
    assert titles.split() == ["version", "parents", "files", "size", "author", "age", "message"]
    author = f"user:{current_user()}"
    assert re.fullmatch(rf"v1\.1 +v1\.0 +2 +3 B +{author} +\S+ s +a second one *", newest)
    assert re.fullmatch(rf"v1\.0 +- +1 +1 B +{author} +\S+ s +the first pictures *", first)
