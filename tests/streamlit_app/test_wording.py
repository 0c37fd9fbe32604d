from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.texts import plural_translator, translator
from streamlit_app import wording

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ENGLISH, CHINESE = translator("en"), translator("zh_CN")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (8.44, "8.4 s"),
        (9.96, "10 s"),
        (59, "59 s"),
        (59.7, "1 min"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (7800, "2 h 10 min"),
        (86399, "23 h 59 min"),
        (86400, "1 d"),
        (900000, "10 d"),
    ],
)
def test_a_length_of_time_is_said_in_the_units_that_matter(seconds: float, words: str) -> None:
    assert wording.duration(seconds, ENGLISH) == words


@pytest.mark.parametrize(
    ("age", "english", "chinese"),
    [
        (timedelta(seconds=-3), "just now", "刚刚"),
        (timedelta(seconds=4), "just now", "刚刚"),
        (timedelta(seconds=40), "40 s ago", "40 秒前"),
        (timedelta(minutes=5, seconds=20), "5 min ago", "5 分钟前"),
        (timedelta(hours=3, minutes=20), "3 h ago", "3 小时前"),
        (timedelta(days=2, hours=5), "2 d ago", "2 天前"),
    ],
)
def test_an_age_is_rounded_to_one_unit(age: timedelta, english: str, chinese: str) -> None:
    assert wording.ago(NOW - age, NOW, ENGLISH) == english
    assert wording.ago(NOW - age, NOW, CHINESE) == chinese


@given(st.floats(0, 1e9))
def test_no_length_of_time_is_said_in_a_unit_too_small(seconds: float) -> None:
    words = wording.duration(seconds, ENGLISH)
    assert "60 s" not in words
    assert "60 min" not in words
    assert "24 h" not in words


def test_labels_are_counted() -> None:
    english, chinese = plural_translator("en"), plural_translator("zh_CN")
    assert [wording.labels(count, english) for count in (1, 2, 1200)] == [
        "1 label",
        "2 labels",
        "1,200 labels",
    ]
    assert wording.labels(2, chinese) == "2 个标签"


def test_a_difference_of_shares_is_said_in_points() -> None:
    assert wording.points(0.042, ENGLISH) == "+4.2 points"
    assert wording.points(-0.003, CHINESE) == "-0.3 个百分点"
