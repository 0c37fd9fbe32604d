from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from resources.data.merges.service import MergeService
from resources.data.versions.service import VersionService
from resources.home import Home
from tests.streamlit_app import data_home
from tests.streamlit_app.conftest import words
from tests.streamlit_app.data_home import SET

OpenPage = Callable[..., AppTest]


@pytest.fixture
def branch(trainplat_home: Path, tmp_path: Path) -> str:
    return data_home.fill(Home(trainplat_home), tmp_path / "source")


def part(app: AppTest, name: str) -> AppTest:
    app.segmented_control(key="choose-part").set_value(name)
    app.run()
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    next(one for one in app.button if one.label == label).click().run()
    assert not app.exception
    return app


def test_without_a_version_the_page_says_how_to_commit_one(open_page: OpenPage, trainplat_home: Path) -> None:
    home = Home(trainplat_home)
    VersionService(home, home.database()).datasets()
    assert "trainplat data commit NAME FOLDER" in words(open_page("data"))


def test_the_versions_of_both_lines_are_shown_and_what_they_take(open_page: OpenPage, branch: str) -> None:
    app = open_page("data")
    shown = words(app)
    assert "ben@1" in shown
    assert "the second is an h" in shown
    assert app.query_params["data"] == SET
    assert "ann" in words(part(app, "spaces"))
    assert "work" in words(app)
    assert "The store in all" in words(part(app, "storage"))


def test_two_versions_are_compared_by_file_and_by_line(open_page: OpenPage, branch: str) -> None:
    app = part(open_page("data"), "diff")
    shown = words(app)
    assert "3.png" in shown
    assert '+{"id": 2, "label": "k"}' in shown
    app.text_input(key="diff-part").set_value("PNG").run()
    assert "3.png" in words(app)
    assert "labels.jsonl" not in words(app)


def test_a_conflict_is_answered_on_the_page_and_the_branch_becomes_the_next_version(
    open_page: OpenPage, branch: str, trainplat_home: Path
) -> None:
    home = Home(trainplat_home)
    app = press(part(open_page("data"), "merge"), "Try to merge")
    assert "1 conflict is left to answer." in words(app)
    part(open_page("data", "en-GB"), "merge")
    app = press(app, "Take theirs")
    assert "conflict is left" not in words(app)
    (answer,) = MergeService(home, home.database()).answers(SET, branch)
    assert answer.given_by.startswith("user:")
    app = press(app, "Merge")
    merged = VersionService(home, home.database()).show(SET, "latest")
    assert merged.key == "v1.2"
    assert [one.value for one in app.success] == [f"{branch} is merged as v1.2."]
    labels = VersionService(home, home.database())
    content = labels.objects.read(labels.tree(merged).files["labels.jsonl"]).decode()
    assert content == '{"id": 1, "label": "a"}\n{"id": 2, "label": "k"}\n{"id": 3, "label": "e"}\n'


def test_the_page_speaks_chinese(open_page: OpenPage, branch: str) -> None:
    assert "数据" in words(open_page("data", locale="zh-CN"))
