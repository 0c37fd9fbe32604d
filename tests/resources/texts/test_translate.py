import pytest

from resources.texts import (
    LANGUAGES,
    filled,
    in_language,
    language_of,
    mark,
    plural_translator,
    preferred_language,
    translator,
)

VARIABLES = ("TRAINPLAT_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.fixture(autouse=True)
def _no_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh_CN.UTF-8", "zh_CN"),
        ("zh_CN", "zh_CN"),
        ("zh-CN", "zh_CN"),
        ("zh", "zh_CN"),
        ("zh-Hans-SG", "zh_CN"),
        ("zh_CN.gb18030@pinyin", "zh_CN"),
        ("zh-TW", "en"),
        ("zh-Hant-HK", "en"),
        ("en_GB.UTF-8", "en"),
        ("C", "en"),
        ("C.UTF-8", "en"),
        ("POSIX", "en"),
        ("fr", "en"),
        ("", "en"),
    ],
)
def test_a_locale_or_a_browsers_tag_names_a_language(tag: str, language: str) -> None:
    assert language_of(tag) == language


def test_every_language_is_found_under_its_own_tag() -> None:
    assert [language_of(language) for language in LANGUAGES] == list(LANGUAGES)


@pytest.mark.parametrize("first", range(len(VARIABLES)))
def test_the_first_variable_that_is_set_decides(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLES[first], "zh_CN.UTF-8")
    for later in VARIABLES[first + 1 :]:
        monkeypatch.setenv(later, "en_US.UTF-8")
    assert preferred_language() == "zh_CN"


def test_an_empty_variable_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_LANG", "")
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert preferred_language() == "zh_CN"


def test_english_is_what_an_environment_without_a_language_gets() -> None:
    assert preferred_language() == "en"
    assert translator()("Language") == "Language"


def test_a_text_is_looked_up_when_it_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    text = mark("Language")
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    assert translator()(text) == "语言"
    monkeypatch.setenv("TRAINPLAT_LANG", "en")
    assert translator()(text) == "Language"


def test_a_language_that_is_named_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_LANG", "en")
    assert translator("zh_CN")("Language") == "语言"


def test_a_text_without_a_translation_stays_english() -> None:
    assert translator("zh_CN")("no such text anywhere") == "no such text anywhere"


def test_a_counted_text_takes_the_form_of_its_count() -> None:
    english = plural_translator("en")
    assert english("{count} label", "{count} labels", 1) == "{count} label"
    assert english("{count} label", "{count} labels", 2) == "{count} labels"
    chinese = plural_translator("zh_CN")
    assert chinese("{count} label", "{count} labels", 1) == chinese("{count} label", "{count} labels", 2)
    assert chinese("{count} label", "{count} labels", 2) == "{count} 个标签"


def test_a_filled_text_is_said_in_another_language_with_the_filled_ones_in_it() -> None:
    chinese = translator("zh_CN")
    inner = filled(mark("at most {count} devices"), count=3)
    text = filled(mark("a vendor out of: {known}"), known=inner)
    assert text == "a vendor out of: at most 3 devices"
    assert in_language(text, chinese) == "下列厂商之一：最多 3 个设备"
    assert in_language(text, translator("en")) == text
    assert filled(text) is text


def test_what_people_wrote_is_not_translated_and_no_text_is_none() -> None:
    chinese = translator("zh_CN")
    assert in_language(filled(mark("a vendor out of: {known}"), known="Language"), chinese).endswith(
        "Language"
    )
    assert in_language(mark("Language"), chinese) == "语言"
    assert in_language("", chinese) == ""
