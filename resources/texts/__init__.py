"""The texts that people read, in English and 简体中文, through gettext catalogues."""

from resources.texts.translate import (
    LANGUAGES,
    Filled,
    Language,
    Plural,
    Translate,
    filled,
    in_language,
    language_of,
    mark,
    plural_translator,
    preferred_language,
    translator,
)

__all__ = [
    "LANGUAGES",
    "Filled",
    "Language",
    "Plural",
    "Translate",
    "filled",
    "in_language",
    "language_of",
    "mark",
    "plural_translator",
    "preferred_language",
    "translator",
]
