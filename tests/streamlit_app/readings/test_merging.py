from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.merges.service import MergeService
from resources.data.merging.globs import matches
from resources.data.merging.model import Choice, Conflict, ConflictKind, Resolution
from resources.home import Home
from resources.terms import Actor
from streamlit_app.readings.merging import (
    Thing,
    by_record,
    is_open,
    meant_by,
    patterns_for,
    pictures_of,
    read_merge,
    read_merges,
    sides_of,
)
from tests.streamlit_app import data_home
from tests.streamlit_app.data_home import SET

ANN = Actor("user:ann")
NAMES = st.text("a*?[]!b.\udc80", min_size=1, max_size=5)


@pytest.fixture
def branch(trainplat_home: Path, tmp_path: Path) -> str:
    return data_home.fill_many(Home(trainplat_home), tmp_path / "source")


@pytest.fixture
def home(branch: str, trainplat_home: Path) -> Home:
    MergeService(Home(trainplat_home), Home(trainplat_home).database()).merge(SET, branch, ANN)
    return Home(trainplat_home)


def test_a_merge_is_looked_at_with_the_answers_given_so_far(home: Home, branch: str) -> None:
    database = home.database()
    assert is_open(read_merges(home, database, SET)[branch])
    before = read_merge(home, database, SET, branch)
    glob = Resolution(Choice.THEIRS, glob="labels/**")
    MergeService(home, database).answer(SET, branch, [glob], ANN)
    after = read_merge(home, database, SET, branch)
    assert [one.conflict.path for one in after.resolved] == ["labels/0.txt", "labels/1.txt"]
    assert len(after.conflicts) == len(before.conflicts) - 2
    assert [one.resolution for one in after.answers] == [glob]


def test_each_side_of_a_conflict_is_shown_as_what_it_is(home: Home, branch: str) -> None:
    told = {
        (one.path, one.field): [side.thing for side in sides_of(home, one)]
        for one in read_merge(home, home.database(), SET, branch).conflicts
    }
    assert told == {
        ("0.png", None): [Thing.PICTURE] * 3,
        ("1.png", None): [Thing.PICTURE, Thing.NOTHING, Thing.PICTURE],
        ("labels.jsonl", "letter"): [Thing.TEXT] * 3,
        ("labels.jsonl", "sure"): [Thing.TEXT] * 3,
        ("labels.jsonl", None): [Thing.FIELDS, Thing.FIELDS, Thing.NOTHING],
        ("labels/0.txt", None): [Thing.TEXT] * 3,
        ("labels/1.txt", None): [Thing.TEXT, Thing.LINES, Thing.LINES],
        ("weights.bin", None): [Thing.OBJECT] * 3,
    }


def test_of_a_record_the_fields_that_are_not_the_same_are_shown(home: Home, branch: str) -> None:
    found = read_merge(home, home.database(), SET, branch).conflicts
    (one,) = [one for one in found if one.path == "labels.jsonl" and one.field is None]
    base, ours, _theirs = sides_of(home, one)
    assert (base.fields, ours.fields) == ({"letter": '"c"'}, {"letter": '"q"'})


def test_the_fields_of_one_record_stand_together(home: Home, branch: str) -> None:
    groups = by_record(read_merge(home, home.database(), SET, branch).conflicts)
    assert [[one.field for one in group] for group in groups if group[0].path == "labels.jsonl"] == [
        ["letter", "sure"],
        [None],
    ]


def test_the_picture_of_a_record_is_the_one_that_is_called_like_it() -> None:
    files = {"images/7.png": "a", "images/8.txt": "b", "images/c/9.jpg": "c", "10.png": "d", "11.png": "e"}
    assert pictures_of({"7", "8", "images/c/9.jpg", "10.png"}, files) == {
        "7": "a",
        "images/c/9.jpg": "c",
        "10.png": "d",
    }
    assert pictures_of((), files) == {}


def test_patterns_are_offered_that_mean_several_and_all_comes_last(home: Home, branch: str) -> None:
    found = read_merge(home, home.database(), SET, branch).conflicts
    assert patterns_for(found) == ["*.jsonl", "*.png", "labels/**", "**"]
    assert meant_by("labels/**", found) == 2
    assert meant_by("", found) == 0


@given(st.lists(st.lists(NAMES, min_size=1, max_size=3).map("/".join), max_size=12))
def test_each_pattern_that_is_offered_means_as_many_as_it_says(paths: list[str]) -> None:
    conflicts = [
        Conflict(str(at), path, None, None, ConflictKind.BOTH_CHANGED, "", "", "", (), "", "")
        for at, path in enumerate(paths)
    ]
    for glob in patterns_for(conflicts):
        glob.encode()
        assert sum(matches(glob, path) for path in paths) == meant_by(glob, conflicts) > 1
