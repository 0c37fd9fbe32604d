"""Tables of plain texts that can be read on any terminal: what has no room beside stands below its row."""

import os
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from trainplat_cli.output import out

_GAP = 2
_INDENT = 4
_SENTENCE = 24
"""In as many cells a sentence can be read, broken into lines."""
_UNLIMITED = 10_000
_NOTHING = ("", "-")
"""What needs no line of its own below a row."""


def show_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows of plain texts; the last column is the one that may be long.

    Where they are wider than the terminal, the columns that have no room stand below their row, each with
    its title. A pipe has room for everything, so that each row is one line there.
    """
    console = out()
    console.width = _room(console)
    widths = [
        max(cell_len(title), *(cell_len(row[place]) for row in rows), 0) for place, title in enumerate(titles)
    ]
    if _across([*widths[:-1], min(widths[-1], _SENTENCE)]) <= console.width:
        _print_wide(console, titles, rows)
    else:
        _print_narrow(console, titles, rows, widths)


def show_facts(rows: Sequence[tuple[str, str]]) -> None:
    """Print names and what they are, one below the other."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in rows:
        table.add_row(name, escape(value))
    out().print(table)


def _room(console: Console) -> int:
    is_told = console.is_terminal or "COLUMNS" in os.environ
    return console.width if is_told else _UNLIMITED


def _across(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _print_wide(console: Console, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, _GAP, 0, 0))
    for place, title in enumerate(titles):
        table.add_column(title, no_wrap=place < len(titles) - 1)
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)


def _print_narrow(
    console: Console, titles: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]
) -> None:
    beside = 1
    while _across(widths[: beside + 1]) <= console.width:
        beside += 1
    console.print(Text(_line(titles[:beside], widths), style="dim"))
    for row in rows:
        console.print(Text(_line(row[:beside], widths)))
        details = zip(titles[beside:], row[beside:], strict=True)
        below = [f"{title} {cell}".strip() for title, cell in details if cell not in _NOTHING]
        if not below:
            continue
        for line in Text(" · ".join(below)).wrap(console, max(1, console.width - _INDENT)):
            console.print(Text(" " * _INDENT) + line)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=False)]
    return (" " * _GAP).join(padded).rstrip()
