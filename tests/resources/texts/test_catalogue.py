from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from resources.texts import LANGUAGES, Language, catalogue

TRANSLATED = [language for language in LANGUAGES if language != "en"]


@cache
def up_to_date(language: Language) -> Catalog:
    """The catalogue as ``make texts`` would write it: to collect all texts takes seconds."""
    return catalogue.updated(language)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_with_the_same_placeholders(language: Language) -> None:
    assert catalogue.faults(up_to_date(language)) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalogue_holds_exactly_the_texts_of_the_code(language: Language) -> None:
    written = catalogue.po_path(language).read_bytes()
    assert written == catalogue.po_bytes(up_to_date(language)), "run `make texts`"


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_catalogue_is_the_one_that_people_edit(language: Language) -> None:
    compiled = catalogue.po_path(language).with_suffix(".mo").read_bytes()
    assert compiled == catalogue.mo_bytes(up_to_date(language)), "run `make texts`"


def test_texts_are_found_in_every_package(tmp_path: Path) -> None:
    for package in catalogue.PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "page.py").write_text(f'title = mark("in {package}")\n')
    (tmp_path / "resources" / "count.py").write_text(
        'ngettext("{count} file", "{count} files", 2)\n_("one")\n'
    )
    found = {message.id for message in catalogue.extract(tmp_path) if message.id}
    assert found == {
        *(f"in {package}" for package in catalogue.PACKAGES),
        ("{count} file", "{count} files"),
        "one",
    }


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ('_("one")', ["one"]),
        ('_("one " "and the same")', ["one and the same"]),
        ("f\"{_('inside')}: {x}\"", ["inside"]),
        ('ngettext("{count} file", "{count} files", n)', [("{count} file", "{count} files")]),
        ('A = mark("marked")', ["marked"]),
        ("_(A)", []),
        ('other("no text")', []),
        ("for _ in range(3): pass", []),
    ],
)
def test_texts_are_found_wherever_they_stand(code: str, texts: list[str | tuple[str, str]]) -> None:
    assert list(catalogue.texts_of(code, "here.py")) == texts


@pytest.mark.parametrize("code", ['_(f"{count} files")', '_("a" + b)', 'ngettext("a", f"{b}", 2)'])
def test_a_text_that_is_put_together_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match=r"here\.py:1: a text that is put together"):
        list(catalogue.texts_of(code, "here.py"))


@pytest.mark.parametrize(
    ("text", "translation", "fault"),
    [
        ("Wait", "", "not translated"),
        ("{count} labels", "标签", "other placeholders"),
        ("{count} labels", "{number} 个标签", "other placeholders"),
        ("run `make demo`", "运行 `make 演示`", "other placeholders"),
        ("[bold]ready[/bold]", "[bold]就绪", "other placeholders"),
        (("{count} label", "{count} labels"), ("{count} 个标签",), None),
        (("{count} label", "{count} labels"), ("",), "not translated"),
        (("one label", "{count} labels"), ("{count} 个标签",), None),
        ("{count} labels", "{count} 个标签", None),
    ],
)
def test_a_translation_that_a_reader_would_stumble_over_is_named(
    text: str | tuple[str, ...], translation: str | tuple[str, ...], fault: str | None
) -> None:
    made = Catalog("zh_CN")
    made.add(text, translation)
    found = catalogue.faults(made)
    assert (len(found) == 1 and fault in found[0]) if fault else found == []


def test_the_command_writes_what_is_missing_and_its_check_only_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "streamlit_app").mkdir()
    (tmp_path / "streamlit_app" / "page.py").write_text('_("Language")\n')
    monkeypatch.setattr(catalogue, "ROOT", tmp_path)
    monkeypatch.setattr(catalogue, "LOCALE_FOLDER", tmp_path / "locale")
    monkeypatch.setattr(catalogue.updated, "__defaults__", (tmp_path,))
    path = catalogue.po_path(TRANSLATED[0])

    assert catalogue.main(["--check"]) == 1
    assert not path.exists()
    assert catalogue.main([]) == 1, "the new text is not translated yet"
    assert "'Language' is not translated" in capsys.readouterr().err

    path.write_text(
        path.read_text().replace('msgid "Language"\nmsgstr ""', 'msgid "Language"\nmsgstr "语言"')
    )
    assert catalogue.main([]) == 0
    assert catalogue.main(["--check"]) == 0
    assert "语言" in path.read_text()
