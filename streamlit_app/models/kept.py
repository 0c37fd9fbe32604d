"""Choices whose names are translated, kept in the address by what they are, for readers of any language.

Streamlit binds a choice to the address by the words that it shows.
"""

from collections.abc import Mapping
from typing import Literal

import streamlit as st

Width = int | Literal["stretch", "content"]


def select(label: str, words: Mapping[str, str], key: str, width: Width = "stretch") -> str:
    """One of ``words``, the first where nothing is said, from a list."""
    options = list(words)
    chosen = st.selectbox(
        label,
        options,
        index=options.index(_asked(options, key, options[0])),
        format_func=lambda option: words.get(option, option),
        key=f"choose-{key}",
        width=width if isinstance(width, int) else "stretch",
    )
    return _tell(key, chosen, options[0])


def segments(label: str, words: Mapping[str, str], key: str, usual: str | None = None) -> str:
    """One of ``words``, side by side."""
    options, first = list(words), usual or next(iter(words))
    chosen = st.segmented_control(
        label,
        options,
        default=_asked(options, key, first),
        required=True,
        format_func=lambda option: words.get(option, option),
        key=f"choose-{key}",
        label_visibility="collapsed",
    )
    return _tell(key, chosen or first, first)


def _asked(options: list[str], key: str, usual: str) -> str:
    asked = st.query_params.get(key, "")
    return asked if asked in options else usual


def _tell(key: str, chosen: str, usual: str) -> str:
    """What is usual needs not be said."""
    if chosen == usual:
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != chosen:
        st.query_params[key] = chosen
    return chosen
