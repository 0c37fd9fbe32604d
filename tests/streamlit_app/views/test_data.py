from collections.abc import Callable
from pathlib import Path
from typing import Never

import pytest
from streamlit.testing.v1 import AppTest

from resources.data.collecting import usage
from resources.data.merges import service as merges
from resources.data.merges.service import MergeService
from resources.data.storage.objects import ObjectStore
from resources.data.versions import service
from resources.data.versions.service import VersionService
from resources.home import Home
from resources.terms import Actor
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
    assert '+{"id": 2, "letter": "k"}' in shown
    app.text_input(key="diff-part").set_value("PNG").run()
    assert "3.png" in words(app)
    assert "labels.jsonl" not in words(app)
    assert "the schema" not in words(app), "it is known, and nothing changed"


def test_what_a_version_does_to_its_readers_is_told(
    open_page: OpenPage, trainplat_home: Path, tmp_path: Path
) -> None:
    home, labels = Home(trainplat_home), tmp_path / "pets" / "labels.csv"
    labels.parent.mkdir()
    for rows in ("file,label\na,cat\nb,dog\n", "file,label,by\na,cat,x\nb,<cow>,x\n"):
        labels.write_text(rows)
        data_home.commit(home, labels.parent, "", "ann")
    shown = words(part(open_page("data"), "diff"))
    assert "the class dog is gone from labels.csv, column label" in shown
    assert "the class &lt;cow&gt; is new in labels.csv, column label" in shown
    assert shown.count("breaks readers") == 1
    assert shown.index("breaks readers") < shown.index("labels.csv has a new column by")


def test_what_nobody_knows_of_a_schema_is_told_as_that(
    open_page: OpenPage, branch: str, trainplat_home: Path
) -> None:
    with Home(trainplat_home).database().write_plainly() as rows:
        rows.run("UPDATE data_versions SET schema = '{}'")  # as one from before schemas were read
    shown = words(open_page("data", part="diff", before="v1.0", after="v1.1"))
    assert "What changed in the schema is unknown" in shown


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
    assert content == '{"id": 1, "letter": "a"}\n{"id": 2, "letter": "k"}\n{"id": 3, "letter": "e"}\n'


def test_what_was_changed_in_a_space_is_looked_for_when_asked(
    open_page: OpenPage, branch: str, trainplat_home: Path
) -> None:
    app = open_page("data", part="spaces")
    assert "Changed since" not in words(app)
    data_home.write(Home(trainplat_home).work / "ann" / "data" / "work" / "new.txt", "1")
    app.toggle(key="changes-in-spaces").set_value(True).run()
    assert "1 added" in words(app)
    assert "nothing" in words(app)


def test_what_changed_since_a_version_has_an_address(open_page: OpenPage, branch: str) -> None:
    assert "part=diff&amp;before=v1.0&amp;after=v1.1" in words(open_page("data"))
    shown = words(open_page("data", part="diff", before="v1.0", after="v1.1"))
    assert '+{"id": 2, "letter": "h"}' in shown
    assert "3.png" not in shown


def test_many_conflicts_are_answered_at_once_by_pattern_and_one_is_answered_anew(
    open_page: OpenPage, trainplat_home: Path, tmp_path: Path
) -> None:
    home = Home(trainplat_home)
    branch = data_home.fill_many(home, tmp_path / "source")
    app = press(open_page("data", part="merge"), "Try to merge")
    assert "8 conflicts are left to answer." in words(app)
    assert app.button(key="all-ours").label == "Take ours (3)", "the records, which are most"
    app.selectbox(key=f"pattern-{branch}-0").set_value("labels/**").run()
    app = press(app, "Take theirs (2)")
    assert "6 conflicts are left to answer." in words(app)
    app.segmented_control(key=f"which-{branch}").set_value("done").run()
    assert "labels/0.txt" in words(app)
    assert "weights.bin" not in words(app)
    (first, _second) = [one for one in app.button if one.label == "Take ours" and not one.disabled]
    first.click().run()
    answers = MergeService(home, home.database()).answers(SET, branch)
    assert [(one.resolution.choice.value, one.resolution.glob) for one in answers] == [
        ("theirs", "labels/**"),
        ("ours", None),
    ]
    assert "6 conflicts are left to answer." in words(app)


def test_a_conflict_whose_object_is_damaged_can_be_answered_all_the_same(
    open_page: OpenPage, trainplat_home: Path, tmp_path: Path
) -> None:
    home = Home(trainplat_home)
    data_home.fill_many(home, tmp_path / "source")
    press(open_page("data", part="merge"), "Try to merge")
    versions = VersionService(home, home.database())
    versions.objects.path(versions.tree(versions.show(SET, "latest")).files["weights.bin"]).unlink()
    app = press(open_page("data", part="merge"), "Take ours (3)")
    assert any("is missing from" in one.value for one in app.error)
    assert "5 conflicts are left to answer." in words(app)


def test_a_branch_with_nothing_in_it_says_so(open_page: OpenPage, trainplat_home: Path, branch: str) -> None:
    home = Home(trainplat_home)
    versions = VersionService(home, home.database())
    versions.close_branch(SET, branch, Actor("user:ann"))
    versions.branch(SET, "v1.0", "kim", Actor("user:kim"))
    app = open_page("data", part="merge")
    assert "nothing in it yet" in words(app)
    assert "Try to merge" not in [one.label for one in app.button]


def test_the_overview_of_versions_reads_no_list_of_files(
    open_page: OpenPage, branch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []

    def tell(store: ObjectStore, md5: str) -> Never:
        read.append(md5)
        raise AssertionError(f"{md5} was read")

    for module in (service, usage, merges):
        monkeypatch.setattr(module, "read_listing", tell)
    monkeypatch.setattr(ObjectStore, "read", tell)
    app = open_page("data")
    assert "ben@1" in words(app)
    app.toggle(key="main-line-only").set_value(True).run()
    assert "ben@1" not in words(app)
    part(app, "spaces")
    assert read == []


def test_the_page_speaks_chinese(open_page: OpenPage, branch: str) -> None:
    assert "数据" in words(open_page("data", locale="zh-CN"))
