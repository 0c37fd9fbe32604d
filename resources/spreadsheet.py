"""A table as a file for a spreadsheet, in which nothing that people wrote is run as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

_RUN = ("=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠")
"""What a formula begins with, https://owasp.org/www-community/attacks/CSV_Injection."""
BYTE_ORDER_MARK = "\ufeff"
"""By which Excel knows that a file is UTF-8; programs read the rest as it is."""


def as_csv(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table; None is an empty cell. A text that a spreadsheet would run begins with an apostrophe."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([_harmless(head) for head in heads])
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return written.getvalue()


def _harmless(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    text = cell.replace("\r\n", "\n").replace("\r", "\n")  # a lone one is not quoted by csv, and ends a row
    return f"'{text}" if text.startswith(_RUN) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
