"""Who looks at the page: the language, the time zone and the time now."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from resources.texts import (
    LANGUAGES,
    Language,
    Plural,
    Translate,
    language_of,
    plural_translator,
    preferred_language,
    translator,
)

LANGUAGE_KEY = "lang"


@dataclass(frozen=True)
class Reader:
    """One person before a screen."""

    language: Language
    zone: tzinfo
    dark: bool = False
    """Whether the page is shown light on dark."""

    @property
    def translate(self) -> Translate:
        """English to this reader's language."""
        return translator(self.language)

    @property
    def plural(self) -> Plural:
        """The same for counted things."""
        return plural_translator(self.language)

    def clock(self, moment: datetime) -> str:
        """The time of day, where the reader is: ``14:03:05``."""
        return moment.astimezone(self.zone).strftime("%H:%M:%S")

    def stamp(self, moment: datetime) -> str:
        """Day and time, where the reader is, with the zone: ``2026-03-01 14:03:05 CET``."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def current_reader() -> Reader:
    """The reader of this session, as the sidebar and the browser say."""
    chosen = st.session_state.get(LANGUAGE_KEY)
    language = language_of(chosen) if chosen else browser_language()
    return Reader(language, _browser_zone(), dark=st.context.theme.type == "dark")


def choose_language() -> None:
    """The selector in the sidebar, which starts with the browser's language.

    It is not kept in the address: whoever opens a link that was sent to them reads their own language.
    """
    _, languages = current_reader().translate, list(LANGUAGES)
    st.sidebar.selectbox(
        _("Language"),
        languages,
        index=languages.index(browser_language()),
        format_func=LANGUAGES.__getitem__,
        key=LANGUAGE_KEY,
        width=180,
    )


def browser_language() -> Language:
    """What the browser prefers; without a browser that says so, what the server's environment asks for."""
    return language_of(st.context.locale) if st.context.locale else preferred_language()


def _browser_zone() -> tzinfo:
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
