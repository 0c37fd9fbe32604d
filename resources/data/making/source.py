"""Source folders: image files and a ``labels.csv`` that says what is known about them."""

import csv
import io
import struct
import zlib
from pathlib import Path

from resources.errors import BadInput
from resources.files import write_atomically

LABELS_FILE = "labels.csv"
_HEADER = ["file", "label"]


def fill_with_digits(folder: Path) -> None:
    """Write the 1,797 scanned digits of scikit-learn, 8 by 8 pixels, with their labels.

    ``labels.csv`` comes last: where it stands, the folder is complete and nothing is written.
    """
    if (folder / LABELS_FILE).exists():
        return
    from sklearn.datasets import load_digits

    scans, digits = load_digits(return_X_y=True)
    lines = io.StringIO()
    table = csv.writer(lines, lineterminator="\n")
    table.writerow(_HEADER)
    folder.mkdir(parents=True, exist_ok=True)
    for position, (scan, digit) in enumerate(zip(scans, digits, strict=True)):
        name = f"digit-{position:04d}.png"
        pixels = bytes((int(ink) * 255 + 8) // 16 for ink in scan)
        target = folder / name
        if not target.exists():
            draft = folder / f".{name}.tmp"
            draft.write_bytes(grey_png(pixels, height_px=8, width_px=8))
            draft.replace(target)
        table.writerow([name, int(digit)])
    write_atomically(folder / LABELS_FILE, lines.getvalue())


def grey_png(pixels: bytes, *, height_px: int, width_px: int) -> bytes:
    """An 8-bit grey PNG file of ``pixels``, row by row.

    Stored, not compressed: the same bytes with every version of every library, so that a sample has the same
    identity on every machine.
    """
    rows = b"".join(b"\0" + pixels[row * width_px : (row + 1) * width_px] for row in range(height_px))
    header = struct.pack(">IIBBBBB", width_px, height_px, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    chunks = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


def read_labels(folder: Path) -> dict[str, str]:
    """What ``labels.csv`` says, by file name; empty without one. Raises :class:`BadInput` for a bad table."""
    table = folder / LABELS_FILE
    if not table.exists():
        return {}
    mend = f"Mend {table}: a header line 'file,label', then one line for each labelled file."
    try:
        rows = list(csv.reader(io.StringIO(table.read_text(encoding="utf-8"))))
    except UnicodeDecodeError as problem:
        raise BadInput(f"{table} is not UTF-8 text: {problem.reason}", mend) from problem
    if not rows or rows[0] != _HEADER:
        raise BadInput(f"{table} starts with {rows[0] if rows else 'nothing'}; expected {_HEADER}", mend)
    labels: dict[str, str] = {}
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(_HEADER):
            raise BadInput(f"{table} line {line} has {len(row)} columns: {row}; expected 2", mend)
        file, label = row
        if labels.setdefault(file, label) != label:
            raise BadInput(
                f"{table} line {line} calls {file} {label!r}, an earlier line {labels[file]!r}", mend
            )
    return labels
