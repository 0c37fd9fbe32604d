"""Reading a file of labels: what each row says, in the words of the kind of its data set."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from resources.data.byhand.forms import EXAMPLES, header_flaw, read_row
from resources.data.byhand.model import Complaint, GivenRow
from resources.data.making.records import NoRecord, read_records
from resources.errors import BadInput
from resources.kinds import Kind

SHOWN = 20


@dataclass(frozen=True)
class Table:
    """What a file holds."""

    rows: tuple[GivenRow, ...]
    complaints: tuple[Complaint, ...]
    """Lines that cannot be read, each with the reason."""


def read_table(path: Path, kind: Kind = Kind.IMAGE_CLASSES) -> Table:
    """The rows of a file. Raises NotFound, and :class:`BadInput` for what is no file of labels at all."""
    complaints: list[Complaint] = []
    rows: list[GivenRow] = []
    for record in read_records(path, lambda header: header_flaw(kind, header), EXAMPLES[kind]):
        if isinstance(record, NoRecord):
            complaints.append((record.line, record.problem))
            continue
        row, wrong = read_row(kind, record)
        complaints += wrong
        if row is not None:
            rows.append(row)
    if not rows and not complaints:
        raise BadInput(
            f"{path} holds no label; expected one or more, {EXAMPLES[kind]}", "Give a file with labels."
        )
    if not kind.has_one_class and path.suffix.lower() == ".csv":
        rows, wrong = _joined(rows)
        complaints += wrong
    return Table(tuple(rows), tuple(complaints))


def refuse(path: Path, complaints: Sequence[Complaint]) -> None:
    """Raise :class:`BadInput` where there is any complaint: the file is refused as a whole."""
    if not complaints:
        return
    told = [f"line {line}: {what}" for line, what in sorted(complaints)]
    more = f"\n  and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    listed = "\n  ".join(told[:SHOWN])
    raise BadInput(
        f"{path} is refused as a whole, and nothing was written:\n  {listed}{more}",
        "Mend these lines, then give the file again.",
    )


def _joined(rows: Sequence[GivenRow]) -> tuple[list[GivenRow], list[Complaint]]:
    """The lines of a table, each with one mark, as one row for each sample."""
    complaints: list[Complaint] = []
    joined: dict[tuple[str, str | None], GivenRow] = {}
    for row in rows:
        key = (row.name, row.text)
        before = joined.get(key)
        if before is None:
            joined[key] = row
            continue
        if before.is_whole and row.is_whole and not (before.marks and row.marks):
            complaints.append(
                (
                    row.line,
                    f"{row.name}: a line without a mark says that there is none; see line {before.line}",
                )
            )
        joined[key] = replace(
            before, marks=(*before.marks, *row.marks), is_whole=before.is_whole and row.is_whole
        )
    return list(joined.values()), complaints
