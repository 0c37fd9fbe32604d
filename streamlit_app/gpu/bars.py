"""Quotas as bars: what is used within what is owed, what is borrowed, what is lent, and the limit."""

from dataclasses import dataclass
from html import escape

STYLE = """
<style>
.tp-bar { position: relative; height: 1.15rem;
  width: clamp(11rem, 28vw, 27rem); border-radius: 0.3rem; overflow: hidden;
  background: color-mix(in srgb, currentColor 7%, transparent); }
.tp-bar > i { position: absolute; top: 0; bottom: 0; display: block; }
.tp-bar > .tp-bar-limit { background: color-mix(in srgb, currentColor 9%, transparent); }
.tp-bar > .tp-bar-nominal { background: color-mix(in srgb, var(--tone) 20%, transparent); }
.tp-bar > .tp-bar-used { background: var(--tone); }
.tp-bar > .tp-bar-borrowed { background: repeating-linear-gradient(135deg, var(--tone) 0 0.22rem,
  color-mix(in srgb, var(--tone) 35%, transparent) 0.22rem 0.44rem); }
.tp-bar > .tp-bar-lent { background: repeating-linear-gradient(90deg, color-mix(in srgb, currentColor 45%,
  transparent) 0 0.12rem, transparent 0.12rem 0.36rem); }
.tp-bar > .tp-bar-mark { width: 2px; background: currentColor; opacity: 0.75; }
.tp-keys { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; font-size: 0.82rem; }
.tp-keys span { display: inline-flex; align-items: center; gap: 0.4rem; }
.tp-keys .tp-bar { width: 1.5rem; height: 0.8rem; }
.tp-indent { display: block; min-width: 13rem; box-sizing: border-box; }
</style>
"""

_WHERE = {"mark": "left:calc(50% - 1px)"}
"""What does not fill the sample of its key."""


@dataclass(frozen=True)
class Bar:
    """The figures of one party for one resource, in one unit."""

    used: int
    nominal: int
    """What it is owed."""
    borrowed: int = 0
    lent: int = 0
    limit: int | None = None
    """The most that it could ever use; None where nothing limits it."""

    @property
    def length(self) -> int:
        """How far it reaches."""
        return max(self.used, self.nominal, self.limit or 0)


def bar(one: Bar, full: int, tone: str, title: str) -> str:
    """``full`` is the amount at the right end; ``title`` says the figures in words."""
    within = max(0, one.used - one.borrowed)
    parts = [
        _part("limit", 0, one.limit or 0, full),
        _part("nominal", 0, one.nominal, full),
        _part("used", 0, within, full),
        _part("borrowed", within, one.borrowed, full),
        _part("lent", max(within, one.nominal - one.lent), min(one.lent, one.nominal - within), full),
    ]
    if 0 < one.nominal < full:
        parts.append(f'<i class="tp-bar-mark" style="left:calc({_pct(one.nominal, full)}% - 1px)"></i>')
    said = escape(title)
    return (
        f'<div class="tp-bar" role="img" style="--tone:{tone}" title="{said}" aria-label="{said}">'
        f"{''.join(parts)}</div>"
    )


def keys(words: dict[str, str], tone: str) -> str:
    """What the parts of a bar mean: ``used``, ``borrowed``, ``lent``, ``nominal``, ``limit`` and ``mark``."""
    listed = "".join(
        f'<span><span class="tp-bar" style="--tone:{tone}">'
        f'<i class="tp-bar-{part}" style="{_WHERE.get(part, "left:0;width:100%")}"></i></span>'
        f"{escape(said)}</span>"
        for part, said in words.items()
    )
    return f'<div class="tp-keys">{listed}</div>'


def indented(name: str, depth: int) -> str:
    """A name as far to the right as it lies deep in the tree."""
    return f'<div class="tp-indent" style="padding-left:{1.1 * depth:.1f}rem">{name}</div>'


def _part(name: str, start: int, amount: int, full: int) -> str:
    if amount <= 0 or full <= 0:
        return ""
    return f'<i class="tp-bar-{name}" style="left:{_pct(start, full)}%;width:{_pct(amount, full)}%"></i>'


def _pct(amount: int, full: int) -> str:
    return f"{100 * min(amount, full) / full:.2f}"
