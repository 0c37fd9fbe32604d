"""A table of a thousand cells with hardly a word to each.

A browser looks through every attribute of what a page gives it as HTML before it shows it: how a cell stands
is said once for its column.
"""

from collections.abc import Sequence
from html import escape

FIRST_NUMBER, MOST_COLUMNS = 4, 16


def _rule(last: int) -> str:
    cells = f":is(td,th):nth-child(n+{FIRST_NUMBER}):nth-child(-n+{last})"
    return f".tp-slim-{last} {cells} {{ text-align: right; }}"


STYLE = f"""
<style>
.tp-slim td {{ white-space: nowrap; }}
{chr(10).join(_rule(last) for last in range(FIRST_NUMBER, MOST_COLUMNS))}
</style>
"""


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], last_number: int) -> str:
    """Heads are text, cells are HTML; numbers stand from the fourth column to ``last_number``, from 1."""
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="tp-scroll"><table class="tp-table tp-slim tp-slim-{last_number}">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
