import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from resources.home import Home
from tests.streamlit_app import homes
from tests.streamlit_app.conftest import words

PAGES = ("overview", "comparison", "cluster", "queue", "quotas", "preemptions", "usage")
TITLES = {
    "en-GB": ("Overview", "Model comparison", "Cluster", "Queue", "Quotas", "Preemptions", "Usage"),
    "zh-CN": ("总览", "模型比较", "集群", "队列", "配额", "抢占", "用量"),
}
NAMES = {
    "Dagster",
    "Label",
    "Studio",
    "MLflow",
    "CPU",
    "cpu",
    "GPU",
    "GiB",
    "vision",
    "mara",
    "speech",
    "jun",
}


@pytest.mark.parametrize("locale", TITLES)
@pytest.mark.parametrize("page", PAGES)
def test_an_empty_home_says_what_to_run(open_page: Callable[..., AppTest], page: str, locale: str) -> None:
    app = open_page(page, locale)
    assert [title.value for title in app.title] == [TITLES[locale][PAGES.index(page)]]
    assert "make demo" in [code.value for code in app.code]
    assert not app.error


@pytest.mark.parametrize("page", PAGES)
def test_looking_at_a_home_that_is_not_there_does_not_make_it(
    open_page: Callable[..., AppTest], trainplat_home: object, page: str
) -> None:
    open_page(page)
    assert not Home.from_environment().path.exists()


@pytest.mark.parametrize("locale", TITLES)
@pytest.mark.parametrize("page", PAGES)
def test_each_page_shows_a_filled_home_in_each_language(
    open_page: Callable[..., AppTest], filled_home: Home, page: str, locale: str
) -> None:
    app = open_page(page, locale)
    assert [title.value for title in app.title] == [TITLES[locale][PAGES.index(page)]]
    assert not app.error
    assert str(filled_home.path) in words(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_chinese_page_says_nothing_in_english_but_names_and_what_is_kept(
    open_page: Callable[..., AppTest], filled_home: Home, page: str
) -> None:
    homes.add_problems(filled_home.database(), datetime.now(UTC), count=30)
    app = open_page(page, "zh-CN")
    shown = words(app).replace(str(filled_home.path), "")
    named = [command.value for command in app.code]
    named += [run[:8] for run in (homes.FIRST_RUN, homes.HOLDER, homes.LARGE, homes.SMALL)]
    for name in named:
        shown = shown.replace(name, "")
    for kept in (r"<style>.*?</style>", r"<code>.*?</code>", r"`.*?`", r'<div [^>]*lang="en">.*?</div>'):
        shown = re.sub(kept, "", shown, flags=re.DOTALL)
    assert set(re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^>]*>", " ", shown))) <= NAMES


@pytest.mark.parametrize("page", PAGES)
def test_each_page_says_when_it_was_refreshed_and_how_often_it_is(
    open_page: Callable[..., AppTest], trainplat_home: Path, page: str
) -> None:
    assert "Refreshed " in words(open_page(page))
    homes.fill(Home(trainplat_home), datetime.now(UTC))
    assert ", again every 15 s" in words(open_page(page))


def test_a_reader_changes_the_language_in_the_sidebar(
    open_page: Callable[..., AppTest], filled_home: Home
) -> None:
    app = open_page(locale="en-GB")
    app.sidebar.selectbox[0].set_value("zh_CN").run()
    assert [title.value for title in app.title] == ["总览"]


@pytest.mark.parametrize("page", PAGES)
def test_a_database_that_is_none_is_named_without_a_traceback(
    open_page: Callable[..., AppTest], trainplat_home: object, page: str
) -> None:
    home = Home.from_environment()
    (home.data / "digits").mkdir(parents=True)
    (home.path / "trainplat.db").write_text("no database, but long enough to be looked at as if it were one")
    app = open_page(page)
    assert "the database cannot be read" in app.error[0].value
    assert "Next: `trainplat doctor`" in app.error[0].value
    chinese = open_page(page, "zh-CN").error[0].value
    assert chinese.startswith("无法读取数据库：file is not a database")
    assert "`trainplat doctor` 会指出主目录有什么问题" in chinese


def test_a_home_without_a_database_is_an_empty_one(
    open_page: Callable[..., AppTest], trainplat_home: object
) -> None:
    home = Home.from_environment()
    home.path.mkdir()
    assert "has no database yet" in words(open_page())
    assert list(home.path.iterdir()) == []


def test_a_mistake_in_a_page_is_not_hidden(
    open_page: Callable[..., AppTest], filled_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr("streamlit_app.frame.dataset_names", broken)
    with pytest.raises(AssertionError, match="a mistake of ours"):
        open_page()


def test_the_home_is_named_from_the_users_own_folder(
    open_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRAINPLAT_HOME")
    assert "~/.trainplat" in words(open_page())
