import pytest

from resources.kinds import Kind, Measure
from resources.texts import LANGUAGES, translator


def test_each_kind_is_measured_by_what_fits_its_answers() -> None:
    assert [kind.measure for kind in Kind] == ["accuracy", "accuracy", "span_f1", "box_ap50"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_measure_has_a_name_of_its_own_in_each_language(language: str) -> None:
    translate = translator(language)
    assert len({translate(one.words) for one in Measure}) == len(Measure)
    assert [one.heading(translate)[1:] for one in Measure] == [translate(one.words)[1:] for one in Measure]


def test_a_heading_begins_with_a_capital() -> None:
    assert [one.heading(str) for one in Measure] == ["Accuracy", "Span F1", "Average precision"]
