"""Which files are annotation files."""

import pytest

from resources.data.merging.records.rules import USUAL_RULES, AnnotationRule, FileKind, rule_for
from resources.errors import BadInput


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a/b.jsonl", FileKind.JSONL),
        ("b.ndjson", FileKind.JSONL),
        ("b.csv", FileKind.CSV),
        ("b.tsv", FileKind.CSV),
        ("instances.json", FileKind.COCO),
        ("image.png", None),
        ("csv", None),
    ],
)
def test_usual_files_are_known_by_their_names(path: str, kind: FileKind | None) -> None:
    rule = rule_for(path)
    assert (rule.kind if rule else None) == kind


def test_the_first_declared_rule_counts() -> None:
    rules = (AnnotationRule("raw/*.csv", FileKind.WHOLE), *USUAL_RULES)
    assert rule_for("raw/a.csv", rules) is None
    assert rule_for("a.csv", rules) is not None


def test_a_pattern_that_cannot_be_used_is_refused_at_once() -> None:
    with pytest.raises(BadInput):
        AnnotationRule("", FileKind.CSV)
