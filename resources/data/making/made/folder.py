"""A source folder of samples that are made."""

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path

from resources.data.making.source import LABELS_FILE
from resources.files import write_atomically

Made = Iterable[tuple[str, bytes, str]]
"""Name, content and label of each sample."""


def fill(folder: Path, make: Callable[[], Made]) -> None:
    """Write what ``make`` gives. ``labels.csv`` comes last: where it stands, nothing is written."""
    if (folder / LABELS_FILE).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    lines = io.StringIO()
    table = csv.writer(lines, lineterminator="\n")
    table.writerow(["file", "label"])
    for name, content, label in make():
        draft = folder / f".{name}.tmp"
        draft.write_bytes(content)
        draft.replace(folder / name)
        table.writerow([name, label])
    write_atomically(folder / LABELS_FILE, lines.getvalue())
