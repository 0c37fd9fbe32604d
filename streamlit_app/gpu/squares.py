"""Devices as coloured squares, node by node. Every text that goes in is escaped.

What colour and hatching say stands in each square's title too: a pointer shows it, a screen reader says it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape

STYLE = """
<style>
.tp-nodes { display: grid; gap: 0.7rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); }
.tp-nodes.tp-few { grid-template-columns: 1fr; }
.tp-node { border: 1px solid color-mix(in srgb, currentColor 13%, transparent); border-radius: 0.6rem;
  padding: 0.6rem 0.75rem; min-width: 0; }
.tp-node-head { display: flex; flex-wrap: wrap; gap: 0 0.6rem; align-items: baseline; font-size: 0.82rem;
  margin-bottom: 0.45rem; }
.tp-node-head b { font-weight: 600; overflow-wrap: anywhere; }
.tp-node-head span { opacity: 0.68; font-variant-numeric: tabular-nums; }
.tp-squares { display: flex; flex-wrap: wrap; gap: 0.3rem; }
.tp-squares, .tp-legend { margin: 0 !important; padding: 0 !important; list-style: none; }
.tp-squares li, .tp-legend li { margin: 0 !important; padding: 0 !important; }
.tp-sq { --tone: #8a93a5; position: relative; width: 2.1rem; height: 2.1rem; border-radius: 0.35rem;
  overflow: hidden; display: flex; margin: 0; text-decoration: none !important; color: inherit !important;
  border: 1.5px solid color-mix(in srgb, var(--tone) 75%, transparent); box-sizing: border-box;
  background: color-mix(in srgb, var(--tone) 8%, transparent); }
.tp-few .tp-sq { width: 3.4rem; height: 3.4rem; border-radius: 0.45rem; }
a.tp-sq:hover, a.tp-sq:focus-visible { outline: 2px solid var(--tone); outline-offset: 1px; }
.tp-part { --tone: #8a93a5; height: 100%; background: var(--tone); }
.tp-part + .tp-part { border-left: 1.5px solid rgba(255, 255, 255, 0.85); }
.tp-part.tp-rest { background: none; border-left: 0; }
.tp-part.tp-cooperative { background: repeating-linear-gradient(135deg, var(--tone) 0 0.22rem,
  color-mix(in srgb, var(--tone) 28%, transparent) 0.22rem 0.44rem); }
.tp-part.tp-apart { background: repeating-linear-gradient(90deg, var(--tone) 0 0.2rem,
  color-mix(in srgb, var(--tone) 52%, transparent) 0.2rem 0.34rem); }
.tp-sq-name { position: absolute; left: 0.2rem; top: 0.1rem; font-size: 0.62rem; font-weight: 700; z-index: 1;
  line-height: 1; padding: 0.1rem 0.16rem; border-radius: 0.2rem; font-variant-numeric: tabular-nums;
  color: #fff; background: rgba(15, 20, 30, 0.6); }
.tp-meters { position: absolute; left: 0.18rem; right: 0.18rem; bottom: 0.16rem; display: grid; gap: 0.1rem; }
.tp-meter { display: block; height: 0.24rem; border-radius: 0.2rem; overflow: hidden;
  background: rgba(15, 20, 30, 0.55); }
.tp-meter i { display: block; height: 100%; background: #fff; }
.tp-meter + .tp-meter i { background: #b9c4d6; }
.tp-ill { --tone: #cf4b43; }
.tp-ill::after, .tp-drained::after { position: absolute; inset: 0; display: grid; place-items: center;
  font-weight: 700; font-size: 1.05rem; color: #fff;
  background: color-mix(in srgb, #cf4b43 88%, transparent); }
.tp-ill::after { content: "✕"; }
.tp-drained::after { content: "‖"; font-size: 0.85rem;
  background: color-mix(in srgb, #5c6576 84%, transparent); }
.tp-legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.1rem; font-size: 0.82rem; align-items: center; }
.tp-legend li { display: flex; gap: 0.4rem; align-items: center; font-size: inherit; }
.tp-legend .tp-sq { width: 1.05rem; height: 1.05rem; border-radius: 0.25rem; flex: none; }
.tp-legend .tp-sq::after { font-size: 0.6rem; }
.tp-legend .tp-sq .tp-meters { left: 0.1rem; right: 0.1rem; }
.tp-gauge { white-space: nowrap; display: inline-flex; align-items: center; gap: 0.45rem; width: 100%; }
.tp-gauge > span { flex: 1; height: 0.4rem; border-radius: 0.3rem; overflow: hidden; min-width: 3rem;
  background: color-mix(in srgb, currentColor 14%, transparent); }
.tp-gauge > span > i { display: block; height: 100%; border-radius: 0.3rem;
  background: var(--tone, #2f6fde); }
</style>
"""


class Hatch(StrEnum):
    """How a part is filled."""

    SOLID = "solid"
    COOPERATIVE = "cooperative"
    """Nothing but the watch keeps the share apart."""
    APART = "apart"
    """The hardware, or limits of the driver, keep the share apart."""


@dataclass(frozen=True)
class Part:
    """What one lease holds of a device."""

    milli: int
    tone: str
    hatch: Hatch = Hatch.SOLID


@dataclass(frozen=True)
class Square:
    """One device."""

    name: str
    """The little that fits into it."""
    title: str
    """All that is known, in lines."""
    parts: tuple[Part, ...] = ()
    utilisation_pct: float | None = None
    memory_pct: float | None = None
    is_ill: bool = False
    is_drained: bool = False
    address: str | None = None
    """Where a click leads."""


def nodes(drawn: Sequence[str], *, few: bool) -> str:
    """Nodes as many to a row as there is room for; ``few`` are drawn large, one below the other."""
    return f'<div class="tp-nodes{" tp-few" if few else ""}">{"".join(drawn)}</div>'


def node(name: str, facts: Sequence[str], squares: Sequence[Square]) -> str:
    """One node with its devices."""
    said = "".join(f"<span>{escape(fact)}</span>" for fact in facts)
    listed = "".join(f"<li>{square(one)}</li>" for one in squares)
    return (
        f'<section class="tp-node" aria-label="{escape(name)}"><div class="tp-node-head">'
        f'<b>{escape(name)}</b>{said}</div><ul class="tp-squares">{listed}</ul></section>'
    )


def square(one: Square) -> str:
    """One device; its parts side by side, as wide as they are large."""
    state = " tp-ill" if one.is_ill else " tp-drained" if one.is_drained else ""
    tone = f' style="--tone:{one.parts[0].tone}"' if one.parts and not state else ""
    title = escape(one.title)
    inner = (
        "".join(_part(part) for part in one.parts)
        + _rest(one.parts)
        + (f'<span class="tp-sq-name">{escape(one.name)}</span>' if one.name else "")
        + _meters(one)
    )
    said = f'class="tp-sq{state}"{tone} title="{title}" aria-label="{title}"'
    if one.address is not None and one.address.startswith(("http://", "https://")):
        return f'<a {said} href="{escape(one.address)}" target="_blank" rel="noopener">{inner}</a>'
    return f'<div {said} role="img">{inner}</div>'


def legend(entries: Sequence[tuple[Square, str]]) -> str:
    """What colours and hatching mean."""
    listed = "".join(f"<li>{square(one)}<span>{escape(words)}</span></li>" for one, words in entries)
    return f'<ul class="tp-legend">{listed}</ul>'


def gauge(pct: float | None, words: str, tone: str) -> str:
    """A bar from 0 to 100 with its words; the words alone where nothing is told."""
    if pct is None:
        return escape(words)
    return (
        f'<span class="tp-gauge" style="--tone:{tone}"><span aria-hidden="true">'
        f'<i style="width:{_within(pct):.0f}%"></i></span>{escape(words)}</span>'
    )


def _part(part: Part) -> str:
    hatch = "" if part.hatch is Hatch.SOLID else f" tp-{part.hatch}"
    return f'<span class="tp-part{hatch}" style="flex:{part.milli};--tone:{part.tone}"></span>'


def _rest(parts: Sequence[Part]) -> str:
    left = 1000 - sum(part.milli for part in parts)
    return f'<span class="tp-part tp-rest" style="flex:{left}"></span>' if parts and left > 0 else ""


def _meters(one: Square) -> str:
    told = [value for value in (one.utilisation_pct, one.memory_pct) if value is not None]
    if not told or one.is_ill:
        return ""
    bars = "".join(
        f'<span class="tp-meter"><i style="width:{_within(value):.0f}%"></i></span>' for value in told
    )
    return f'<span class="tp-meters" aria-hidden="true">{bars}</span>'


def _within(pct: float) -> float:
    return min(100.0, max(0.0, pct))
