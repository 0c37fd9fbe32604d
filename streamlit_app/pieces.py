"""Pieces of the pages as HTML: what Streamlit has no element for. Every text that goes in is escaped."""

from collections.abc import Sequence
from html import escape

from streamlit_app import colours
from streamlit_app.stages import Stage, StageState

STAGE_COLOURS = {
    StageState.IDLE: colours.IDLE,
    StageState.WAITING: colours.IDLE,
    StageState.ACTIVE: colours.ACTIVE,
    StageState.PEOPLE: colours.PEOPLE,
    StageState.TROUBLE: colours.TROUBLE,
    StageState.DONE: colours.DONE,
}

STYLE = """
<style>
.tp-strip { display: grid; grid-template-columns: repeat(7, minmax(0, 1fr)); gap: 0.6rem; }
.tp-cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 0.8rem; }
.tp-strip .tp-card { display: flex; flex-direction: column; }
.tp-card { --tone: currentColor; position: relative; border-radius: 0.6rem; padding: 0.75rem 0.85rem;
  border: 1px solid color-mix(in srgb, currentColor 13%, transparent); line-height: 1.35;
  background: color-mix(in srgb, var(--tone) 5%, transparent); overflow-wrap: anywhere; }
.tp-card.tp-quiet { background: transparent; }
.tp-strip .tp-card:not(:last-child)::after { content: "›"; position: absolute; right: -0.52rem; top: 50%;
  transform: translateY(-50%); opacity: 0.4; font-size: 1rem; z-index: 1; }
@media (max-width: 1000px) {
  .tp-strip { grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); }
  .tp-strip .tp-card::after { display: none; }
}
.tp-head { display: flex; align-items: center; gap: 0.45rem; font-size: 0.85rem; font-weight: 600; }
.tp-dot { width: 0.55rem; height: 0.55rem; border-radius: 50%; background: var(--tone); flex: none; }
.tp-hollow { background: transparent; border: 2px solid var(--tone); }
.tp-beat { animation: tp-beat 1.8s ease-in-out infinite; }
@keyframes tp-beat { 50% { box-shadow: 0 0 0 0.3rem color-mix(in srgb, var(--tone) 25%, transparent); } }
@media (prefers-reduced-motion: reduce) { .tp-beat { animation: none; } }
.tp-big { font-size: 1.3rem; font-weight: 650; margin-top: 0.35rem; font-variant-numeric: tabular-nums; }
.tp-small { font-size: 0.8rem; opacity: 0.72; }
.tp-state { font-size: 0.78rem; margin-top: auto; padding-top: 0.55rem; display: flex; flex-wrap: wrap;
  gap: 0 0.4rem; }
.tp-state b { color: color-mix(in srgb, var(--tone) 82%, currentColor); font-weight: 600; }
.tp-state time { opacity: 0.72; }
.tp-table time { white-space: nowrap; }
.tp-rows { display: grid; grid-template-columns: auto 1fr; gap: 0.15rem 0.8rem; font-size: 0.85rem;
  margin-top: 0.6rem; }
.tp-rows > :nth-child(odd) { opacity: 0.65; }
.tp-rows a, .tp-table a { color: var(--st-link-color, #2f6fde); text-decoration: none; }
.tp-rows a:hover, .tp-table a:hover { text-decoration: underline; }
.tp-live { font-size: 0.8rem; opacity: 0.65; text-align: right; padding-top: 0.2rem; }
.tp-scroll { overflow-x: auto; }
.tp-table { border-collapse: collapse; width: 100%; font-size: 0.87rem; font-variant-numeric: tabular-nums; }
.tp-table th { text-align: left; font-weight: 600; opacity: 0.65; font-size: 0.8rem; white-space: nowrap; }
.tp-table th, .tp-table td { padding: 0.45rem 0.9rem 0.45rem 0; vertical-align: top;
  border-bottom: 1px solid color-mix(in srgb, currentColor 12%, transparent); }
.tp-table tr:last-child td { border-bottom: 0; }
.tp-table .tp-num, .tp-table th.tp-num { text-align: right; white-space: nowrap; }
.tp-whole { white-space: nowrap; }
.tp-sentence { min-width: 13rem; }
.tp-table code, .tp-rows code { font-size: 0.95em; }
.tp-pill { display: inline-block; border-radius: 1rem; padding: 0 0.55rem; font-size: 0.78rem;
  font-weight: 600; color: color-mix(in srgb, var(--tone) 62%, currentColor);
  background: color-mix(in srgb, var(--tone) 13%, transparent); white-space: nowrap; }
</style>
"""


def strip(cards: Sequence[str]) -> str:
    """Cards side by side, each leading to the next."""
    return f'<div class="tp-strip">{"".join(cards)}</div>'


def cards(cards: Sequence[str]) -> str:
    """Cards as many to a row as there is room for."""
    return f'<div class="tp-cards">{"".join(cards)}</div>'


def stage_card(stage: Stage, state: str, age: str) -> str:
    """One stage of the loop; ``state`` is its state in words, ``age`` what :func:`moment` gave."""
    beat = " tp-beat" if stage.state in (StageState.ACTIVE, StageState.PEOPLE) else ""
    hollow = " tp-hollow" if stage.state in (StageState.IDLE, StageState.WAITING) else ""
    quiet = " tp-quiet" if stage.state in (StageState.IDLE, StageState.WAITING, StageState.DONE) else ""
    return (
        f'<div class="tp-card{quiet}" style="--tone:{STAGE_COLOURS[stage.state]}">'
        f'<div class="tp-head"><span class="tp-dot{hollow}{beat}"></span>{escape(stage.name)}</div>'
        f'<div class="tp-big">{escape(stage.headline)}</div>'
        f'<div class="tp-small">{escape(stage.detail)}</div>'
        f'<div class="tp-state"><b>{escape(state)}</b>{age}</div></div>'
    )


def card(title: str, pill: str, tone: str, rows: Sequence[tuple[str, str]], *, busy: bool) -> str:
    """A titled card with rows of name and value. ``pill`` and the values are HTML, the rest is text."""
    listed = "".join(f"<span>{escape(name)}</span><span>{value}</span>" for name, value in rows)
    return (
        f'<div class="tp-card{"" if busy else " tp-quiet"}" style="--tone:{tone}">'
        f'<div class="tp-head"><span class="tp-dot{"" if busy else " tp-hollow"}"></span>'
        f'<span style="flex:1">{escape(title)}</span>{pill}</div><div class="tp-rows">{listed}</div></div>'
    )


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: frozenset[int] = frozenset()
) -> str:
    """A table whose cells wrap. Heads are text, cells are HTML; columns in ``numbers`` stand to the right."""

    def mark(column: int) -> str:
        return ' class="tp-num"' if column in numbers else ""

    head = "".join(f"<th{mark(column)}>{escape(name)}</th>" for column, name in enumerate(heads))
    body = "".join(
        "<tr>" + "".join(f"<td{mark(column)}>{cell}</td>" for column, cell in enumerate(row)) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="tp-scroll"><table class="tp-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def pill(words: str, tone: str, title: str = "") -> str:
    """A short word on its colour; ``title`` is shown when pointed at."""
    more = f' title="{escape(title)}"' if title else ""
    return f'<span class="tp-pill" style="--tone:{tone}"{more}>{escape(words)}</span>'


def moment(words: str, exact: str) -> str:
    """A relative time that shows the exact one when pointed at."""
    return f'<time title="{escape(exact)}">{escape(words)}</time>'


def text(words: str) -> str:
    """Plain words."""
    return escape(words)


def small(words: str) -> str:
    """Words beside the point, on a line of their own."""
    return f'<div class="tp-small">{escape(words)}</div>'


def kept(words: str) -> str:
    """A sentence as a table keeps it, in English for every reader, on a line of its own."""
    return f'<div class="tp-small" lang="en">{escape(words)}</div>'


def code(words: str) -> str:
    """Something that a machine reads."""
    return f"<code>{escape(words)}</code>"


def link(words: str, address: str) -> str:
    """A link that opens beside the page; plain words where the address is not one of the web."""
    if not address.startswith(("http://", "https://")):
        return escape(words)
    return f'<a href="{escape(address)}" target="_blank" rel="noopener">{escape(words)}</a>'
