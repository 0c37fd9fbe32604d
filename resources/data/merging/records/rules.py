"""Which files are annotation files, and which of their fields names a record."""

from dataclasses import dataclass
from enum import StrEnum

from resources.data.merging.globs import matches


class FileKind(StrEnum):
    """How the records of a file are written."""

    JSONL = "jsonl"
    """A JSON object on each line."""
    CSV = "csv"
    """A table with a header; separated by commas, semicolons or tabs."""
    COCO = "coco"
    """One JSON object with ``images``, ``annotations`` and ``categories``."""
    WHOLE = "whole"
    """No annotation file: never merged by record."""


ID_FIELDS = ("sample_id", "sample", "id", "file_name", "file", "image")
"""The usual names of the field that names a record, tried in this order."""


@dataclass(frozen=True, slots=True)
class AnnotationRule:
    """What the files are that a pattern means. Raises :class:`BadInput` for a pattern that cannot be used."""

    glob: str
    kind: FileKind
    id_fields: tuple[str, ...] = ID_FIELDS
    """Candidates: the first that every record of all three versions has, each once, is the one."""

    def __post_init__(self) -> None:
        matches(self.glob, "")


USUAL_RULES = (
    AnnotationRule("*.jsonl", FileKind.JSONL),
    AnnotationRule("*.ndjson", FileKind.JSONL),
    AnnotationRule("*.csv", FileKind.CSV),
    AnnotationRule("*.tsv", FileKind.CSV),
    AnnotationRule("*.json", FileKind.COCO),
)
"""What holds where a data set declares nothing of its own. A ``*.json`` that is no COCO file stays whole."""


def rule_for(path: str, rules: tuple[AnnotationRule, ...] = USUAL_RULES) -> AnnotationRule | None:
    """The first rule that means a path; None: no annotation file."""
    found = next((rule for rule in rules if matches(rule.glob, path)), None)
    return None if found is None or found.kind is FileKind.WHOLE else found
