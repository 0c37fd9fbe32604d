"""Pictures of versions as small cards: what was there before, and what is there now."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape

import streamlit as st

from resources.texts import Translate, mark
from streamlit_app import frame
from streamlit_app.readings.changes import THUMBNAIL_PX, NoPicture, Thumbnail, thumbnail_of
from streamlit_app.readings.source import open_home

STYLE = f"""
<style>
.tp-sides {{ display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); gap: 0.8rem; }}
.tp-side {{ min-width: 0; font-size: 0.8rem; }}
.tp-side > :first-child {{ opacity: 0.65; margin-bottom: 0.25rem; }}
.tp-picture {{ display: block; max-width: 100%; max-height: {THUMBNAIL_PX}px; border-radius: 0.3rem;
  outline: 1px solid color-mix(in srgb, currentColor 15%, transparent); }}
.tp-picture.tp-tiny {{ image-rendering: pixelated; height: {THUMBNAIL_PX}px; }}
.tp-nothing {{ display: grid; place-items: center; min-height: 4rem; padding: 0.4rem; border-radius: 0.3rem;
  text-align: center; opacity: 0.65;
  border: 1px dashed color-mix(in srgb, currentColor 35%, transparent); }}
.tp-shot-head {{ display: flex; justify-content: space-between; align-items: center; gap: 0.5rem;
  margin-bottom: 0.5rem; font-size: 0.85rem; }}
.tp-shot-head code {{ overflow-wrap: anywhere; }}
.tp-about {{ display: flex; align-items: center; gap: 0.7rem; overflow-wrap: anywhere; min-width: 0; }}
.tp-about .tp-picture {{ flex: none; max-height: 4.5rem; }}
.tp-about .tp-picture.tp-tiny {{ height: 4.5rem; }}
</style>
"""
_WHY = {
    NoPicture.TOO_LARGE: mark("too large to show"),
    NoPicture.UNREADABLE: mark("no picture that can be read"),
    NoPicture.DAMAGED: mark("damaged in the store"),
}


def sides(named: Sequence[tuple[str, str]]) -> str:
    """Things side by side, each under its name; the things are HTML."""
    cells = (f'<div class="tp-side"><div>{escape(name)}</div>{thing}</div>' for name, thing in named)
    return f'<div class="tp-sides">{"".join(cells)}</div>'


def card(head: str, content: str) -> str:
    """A card whose head and content are HTML."""
    return f'<div class="tp-card tp-quiet"><div class="tp-shot-head">{head}</div>{content}</div>'


def picture(md5: str | None, name: str, _: Translate) -> str:
    """A picture of the store, or why there is none."""
    if md5 is None:
        return nothing(_("not there"))
    found = _read(frame.place(), md5)
    if isinstance(found, NoPicture):
        return nothing(_(_WHY[found]))
    tiny = " tp-tiny" if found.is_tiny else ""
    size = f"{found.width_px} × {found.height_px}"
    source = f"data:image/png;base64,{b64encode(found.png).decode()}"
    return f'<img class="tp-picture{tiny}" src="{source}" alt="{escape(name)}" title="{size}">'


def nothing(words: str) -> str:
    """The place of what is not there."""
    return f'<div class="tp-nothing">{escape(words)}</div>'


@st.cache_data(max_entries=1000, show_spinner=False)
def _read(_place: str, md5: str) -> Thumbnail | NoPicture:
    """An object never changes, so what was read is good for as long as it is kept."""
    return thumbnail_of(open_home()[0], md5)
