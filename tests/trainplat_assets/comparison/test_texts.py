"""Texts and marks beside each other."""

from dataclasses import replace

import numpy as np
import pytest

from resources.kinds import Kind, Measure
from resources.marks import Box, Span, written
from resources.terms import Label
from tests.trainplat_assets.comparison.examples import comparison
from trainplat_assets.comparison import figures
from trainplat_assets.comparison.comparing import Comparison
from trainplat_assets.comparison.reading import reading
from trainplat_assets.comparison.texts import LONGEST_TEXT, paired_texts

ALL = np.arange(3)
OF_TEXTS = replace(
    comparison([0, 1, 2], [0, 1, 0], [1, 1, 2]),
    kind=Kind.TEXT_CLASSES,
    texts=("A | B <b>*bold*</b>\nand on", "long " * 90, "$5"),
)


def of_marks(kind: Kind, truth: Label, new: Label, old: Label) -> Comparison:
    """One sample of a kind, beside what both models say."""
    base = comparison([0], [0], [0])
    assert base.old is not None
    decision = replace(
        base.decision, measure=kind.measure, accuracy_new=0.75, accuracy_old=0.5, promoted=True
    )
    return replace(
        base,
        kind=kind,
        rounds=(*base.rounds[:-1], decision),
        truth=(truth,),
        texts=("Ada met Bo.",) if kind.is_text else (),
        new=replace(base.new, answers=(new,)),
        old=replace(base.old, answers=(old,)),
    )


def test_texts_are_told_with_both_answers_and_nothing_that_markdown_takes_for_its_own() -> None:
    head, _, *rows = paired_texts(OF_TEXTS, ALL).splitlines()
    assert head == "| text | it is | before | new |"
    surest = rows[0]
    assert surest == "| &#36;5 | ring | ✓ ring (90%) | ✗ circle (90%) |"
    assert f"{('long ' * 90)[: LONGEST_TEXT - 1]}… | cross" in rows[1]
    assert rows[2].startswith(
        "| A &#124; B &lt;b&gt;&#42;bold&#42;&lt;/b&gt; and on | circle | ✗ cross (40%)"
    )


def test_the_words_speak_of_texts() -> None:
    told = "\n".join(reading(OF_TEXTS))
    assert "of the 3 test texts right" in told
    assert "fixes 1 test text that the champion had wrong, and breaks 1 test text that it had right." in told


def test_names_are_told_by_their_words_and_measured_in_points() -> None:
    both = written([Span(0, 3, Label("person")), Span(8, 10, Label("person"))])
    shown = of_marks(Kind.ENTITIES, both, both, written([Span(0, 3, Label("firm"))]))
    assert shown.fixed.tolist() == [0]
    assert "| Ada: person; Bo: person | ✗ Ada: firm (90%) | ✓" in paired_texts(shown, ALL[:1]).replace(
        "(40%)", "(90%)"
    )
    told = "\n".join(reading(shown))
    assert "reaches 75.0% span F1 on the 1 test text; the champion before it, from v1.0, 50.0%." in told
    assert "That is 25.0 points more: it is the new champion." in told
    assert "that it had right, a sample being right where all its marks are." in told


def test_boxes_are_right_at_their_place_and_are_drawn() -> None:
    box = Box(10.0, 10.0, 50.0, 50.0, Label("ring"))
    near, far = replace(box, x=12.0), replace(box, x=50.0)
    shown = of_marks(Kind.BOXES, written([box]), written([near]), written([far]))
    assert shown.fixed.tolist() == [0]
    assert len(figures.paired_view(shown, shown.fixed)) > 1_000
    assert shown.decision.measure is Measure.BOX_AP


def test_without_two_models_or_a_text_there_is_nothing_to_pair() -> None:
    with pytest.raises(ValueError, match="two models and at least one text"):
        paired_texts(OF_TEXTS, ALL[:0])
