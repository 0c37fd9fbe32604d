from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from resources.data.merges.service import MergeService
from resources.data.merging.model import Choice, Resolution
from resources.home import Home
from resources.terms import Actor, VersionKey
from resources.texts.translate import ENGLISH
from streamlit_app.data import graph
from streamlit_app.data.wording import amount
from streamlit_app.reader import Reader
from streamlit_app.readings.changes import lines_between, picture_of, read_changes
from streamlit_app.readings.history import read_datasets, read_history
from streamlit_app.readings.holdings import read_spaces, read_storage
from tests.streamlit_app import data_home
from tests.streamlit_app.data_home import SET

READER = Reader(ENGLISH, ZoneInfo("UTC"))


@pytest.fixture
def home(trainplat_home: Path, tmp_path: Path) -> Home:
    made = Home(trainplat_home)
    data_home.fill(made, tmp_path / "source")
    return made


def test_a_branch_stands_beside_the_main_line_and_a_merge_joins_them(home: Home) -> None:
    database = home.database()
    history = read_history(home, database, SET)
    (branch,) = history.open_branches
    assert graph.lanes(history) == {branch.name: 1}
    merges = MergeService(home, database)
    (conflict,) = merges.merge(SET, branch.name, Actor("user:ann")).conflicts
    merges.answer(SET, branch.name, [Resolution(Choice.OURS, conflict=conflict.id)], Actor("user:ann"))
    merges.merge(SET, branch.name, Actor("user:ann"))
    after = read_history(home, database, SET)
    *edges, nodes = graph.figure(after, READER)["data"]
    assert nodes["y"] == [0, 0, -1, 0]
    assert [edge["line"]["dash"] for edge in edges] == ["solid", "solid", "solid", "dot"]
    assert "the second is a k" in nodes["hovertext"][2]
    assert not after.open_branches


def test_a_version_on_a_branch_is_called_by_its_user(home: Home) -> None:
    history = read_history(home, home.database(), SET)
    assert [history.short(one.key) for one in history.versions] == ["v1.0", "v1.1", "ben@1"]
    assert history.short(VersionKey("other@1")) == "other@1"
    assert read_datasets(home, home.database()) == (SET,)


def test_changes_are_counted_filtered_and_read(home: Home) -> None:
    changes = read_changes(home, home.database(), SET, "v1.0", "v1.1")
    assert [(one.path, one.kind.value) for one in changes.files] == [
        ("0.png", "changed"),
        ("labels.jsonl", "changed"),
    ]
    (labels,) = changes.matching("LABELS", frozenset())
    assert changes.matching("", frozenset({labels.kind})) == changes.files
    lines = lines_between(home, labels.before, labels.after)
    assert lines is not None
    assert '+{"id": 2, "label": "h"}' in lines
    assert (picture_of(home, changes.files[0].after) or b"").startswith(b"\x89PNG")
    assert lines_between(home, None, changes.files[0].after) is None, "a picture is no text"


def test_the_spaces_of_all_users_are_told_with_the_version_that_they_are_at(home: Home) -> None:
    found = read_spaces(home, home.database(), SET)
    assert [(one.user, one.base[:4]) for one in found] == [("ann", "v1.1"), ("ben", "lett")]


def test_storage_tells_what_each_version_has_alone(home: Home) -> None:
    storage = read_storage(home, home.database(), SET)
    assert len(storage.versions) == 3
    assert 0 < sum(one.own_bytes for one in storage.versions) < storage.apart_bytes


@pytest.mark.parametrize(("size", "said"), [(0, "0 B"), (1536, "1.5 KiB"), (200 * 2**20, "200 MiB")])
def test_bytes_are_said_in_the_unit_that_fits(size: int, said: str) -> None:
    assert amount(size) == said
