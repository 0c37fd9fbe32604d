"""Which language a person reads, and the functions that put a text into it.

A text is written in English where it is used, ``_("Waiting for {count} labels").format(count=3)``, and looked
up when it is shown, never at import: ``_ = translator()``. ``ngettext = plural_translator()`` is for counted
things. A text that stands in a constant is wrapped in :func:`mark`, so that ``make texts`` finds it.
"""

import gettext
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NewType

Language = NewType("Language", str)
"""A language that has texts: one of :data:`LANGUAGES`."""

Translate = Callable[[str], str]
"""An English text to the same text in a language."""

Plural = Callable[[str, str, int], str]
"""Singular, plural and count to the form of the text that fits the count."""

DOMAIN = "trainplat"
LOCALE_FOLDER = Path(__file__).parent / "locale"
ENGLISH = Language("en")
SIMPLIFIED_CHINESE = Language("zh_CN")
LANGUAGES: dict[Language, str] = {ENGLISH: "English", SIMPLIFIED_CHINESE: "简体中文"}
"""Every language that has texts, with the name that its own readers give it."""

_VARIABLES = ("TRAINPLAT_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def translator(language: str | None = None) -> Translate:
    """The function that translates into ``language``; None takes :func:`preferred_language`."""
    return _catalogue(_chosen(language)).gettext


def plural_translator(language: str | None = None) -> Plural:
    """The function that translates counted texts into ``language``, as :func:`translator` does others."""
    return _catalogue(_chosen(language)).ngettext


def mark(text: str) -> str:
    """The text itself: says that it is to be translated where it is shown."""
    return text


class Filled(str):
    """A text in English that can be said in another language still: its template and the values in it."""

    template: str
    values: dict[str, object]


def filled(template: str, **values: object) -> Filled:
    """The template, which is :func:`mark`-ed, with its values put in. A filled one stays as it is."""
    if isinstance(template, Filled):
        return template
    made = Filled(template.format(**values))
    made.template, made.values = template, values
    return made


def in_language(text: str, translate: Translate) -> str:
    """A marked text, or a filled one with the filled ones in it, as a reader is to see it.

    One that is neither stays as it is, and so does what people wrote and a text was filled with.
    """
    if isinstance(text, Filled):
        shown = {
            name: in_language(value, translate) if isinstance(value, Filled) else value
            for name, value in text.values.items()
        }
        return translate(text.template).format(**shown)
    return translate(text) if text else text


def preferred_language() -> Language:
    """The language that the environment asks for: the first of TRAINPLAT_LANG, LC_ALL, LC_MESSAGES and LANG
    that is set decides. English where none is, or where there are no texts in it.
    """
    asked = next((os.environ[name] for name in _VARIABLES if os.environ.get(name)), ENGLISH)
    return language_of(asked)


def language_of(tag: str) -> Language:
    """The language for a locale or a browser's tag: ``zh_CN.UTF-8``, ``zh-Hans`` and ``zh`` are 简体中文.
    English for one that has no texts.
    """
    parts = tag.partition(".")[0].partition("@")[0].replace("-", "_").lower().split("_")
    # Who reads traditional characters is better served by English than by the other script.
    if parts[0] == "zh" and not {"tw", "hk", "mo", "hant"} & set(parts[1:]):
        return SIMPLIFIED_CHINESE
    return ENGLISH


def _chosen(language: str | None) -> Language:
    return preferred_language() if language is None else language_of(language)


@cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    if language == ENGLISH:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, LOCALE_FOLDER, [language])
