"""What both sides of a conflict have, as HTML: pictures, texts, and records field by field."""

from collections.abc import Sequence
from html import escape

from resources.data.merging.model import Conflict
from resources.data.merging.sentences import shown_path
from resources.home import Home
from resources.texts import Translate
from streamlit_app import colours, pieces
from streamlit_app.data import thumbnails
from streamlit_app.readings.merging import Side, Thing, sides_of

STYLE = """
<style>
.tp-text { margin: 0 !important; padding: 0.45rem 0.6rem !important; border-radius: 0.3rem; font-size: 0.8rem;
  white-space: pre-wrap; overflow-wrap: anywhere; max-height: 18rem; overflow-y: auto;
  background: color-mix(in srgb, currentColor 5%, transparent); }
.tp-text span { color: color-mix(in srgb, var(--tone) 75%, currentColor); }
.tp-fields td:first-child { opacity: 0.65; }
.tp-fields .tp-other { background: color-mix(in srgb, var(--tone) 12%, transparent); }
</style>
"""


def html(home: Home, one: Conflict, heads: Sequence[str], _: Translate) -> str:
    """The three versions beside each other, each under its head. Raises :class:`DamagedObject`."""
    found = sides_of(home, one)
    if any(side.thing is Thing.FIELDS for side in found):
        return _fields(found, heads, _)
    path = shown_path(one.path)
    return thumbnails.sides([(head, _side(side, path, _)) for head, side in zip(heads, found, strict=True)])


def _side(side: Side, path: str, _: Translate) -> str:
    if side.thing is Thing.NOTHING:
        return thumbnails.nothing(_("not there"))
    if side.thing is Thing.PICTURE:
        return thumbnails.picture(side.text, path, _)
    if side.thing is Thing.OBJECT:
        return pieces.text(_("a file that is no text")) + pieces.small(side.text)
    if side.thing is Thing.LINES:
        lines = "\n".join(map(_line, side.text.splitlines()))
        return f'<pre class="tp-text">{lines}</pre>'
    return f'<pre class="tp-text">{escape(side.text)}</pre>'


def _line(line: str) -> str:
    tone = {"+": colours.DONE, "-": colours.TROUBLE, "@": colours.IDLE}.get(line[:1])
    return escape(line) if tone is None else f'<span style="--tone:{tone}">{escape(line)}</span>'


def _fields(found: Sequence[Side], heads: Sequence[str], _: Translate) -> str:
    """A record: a row for each field that is not the same on all sides."""
    names = dict.fromkeys(name for side in found for name in side.fields or {})
    base = found[0].fields or {}
    rows = []
    for name in names:
        cells = []
        for side in found:
            value = (side.fields or {}).get(name)
            changed = side is not found[0] and value != base.get(name)
            tone = f' class="tp-other" style="--tone:{colours.ACTIVE}"' if changed else ""
            told = "–" if value is None else pieces.code(value)
            cells.append(f"<div{tone}>{told}</div>")
        rows.append([pieces.text(name), *cells])
    absent = [
        pieces.text(_("record")),
        *(_("not there") if one.thing is Thing.NOTHING else "" for one in found),
    ]
    rows += [absent] if any(one.thing is Thing.NOTHING for one in found) else []
    return f'<div class="tp-fields">{pieces.table([_("Field"), *heads], rows)}</div>'
