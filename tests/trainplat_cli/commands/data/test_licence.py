"""``trainplat data licence``: the terms of data, as people say and read them."""

import re
from pathlib import Path

from resources.users import current_user
from tests.resources.data.folders import write
from tests.trainplat_cli.commands.data.running import data, told


def test_terms_are_said_of_a_version_or_of_all_and_taken_back(trainplat_home: Path, tmp_path: Path) -> None:
    data("commit", "pets", write(tmp_path / "pets", {"a.txt": b"1"}), "-m", "the first pictures")
    assert "Nobody said on what terms pets may be used." in data("licence", "pets").stdout
    shown = data("licence", "pets", "--say", "CC-BY-4.0").stdout
    assert re.search(r"^all versions +CC-BY-4\.0 +user:", shown, re.MULTILINE)
    data("licence", "pets", "latest", "--say", "only within the clinic")
    assert [(one["key"], one["text"]) for one in told("licence", "pets")["licences"]] == [
        ("", "CC-BY-4.0"),
        ("v1.0", "only within the clinic"),
    ]
    assert told("licence", "pets")["licences"][0]["said_by"] == f"user:{current_user()}"
    assert len(told("licence", "pets", "v1.0", "--remove")["licences"]) == 1


def test_what_cannot_be_said_is_refused(trainplat_home: Path) -> None:
    assert "not both" in data("licence", "pets", "--say", "CC0", "--remove", code=2).stderr
    assert "--say has no text" in data("licence", "pets", "--say", " ", code=2).stderr
    assert "give --say or --remove" in data("licence", "pets", "v1.0", code=2).stderr
    data("licence", "pets", "v1.0", "--say", "CC0", code=4)
