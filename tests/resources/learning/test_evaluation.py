import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import BadInput
from resources.learning.evaluation import score
from resources.terms import Label

CLASSES = (Label("a"), Label("b"), Label("c"))


def test_scores_count_what_was_said_against_what_is() -> None:
    found = score(np.array([0, 1, 1, 0]), np.array([0, 0, 1, 1]), CLASSES)
    assert found.confusion == ((1, 1, 0), (1, 1, 0), (0, 0, 0))
    assert found.accuracy == 0.5
    assert found.recalls == {"a": 0.5, "b": 0.5, "c": None}


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40))
def test_accuracy_is_the_recall_of_each_class_weighted_by_its_size(pairs: list[tuple[int, int]]) -> None:
    said, true = (np.array(values) for values in zip(*pairs, strict=True))
    found = score(said, true, CLASSES)
    weighted = sum((found.recalls[label] or 0) * sum(found.confusion[k]) for k, label in enumerate(CLASSES))
    assert found.count == len(pairs)
    assert found.accuracy == pytest.approx(weighted / len(pairs))
    assert found.accuracy == pytest.approx(float((said == true).mean()))


@pytest.mark.parametrize(("said", "true"), [([], []), ([0], [0, 1])])
def test_an_empty_or_uneven_test_set_is_refused(said: list[int], true: list[int]) -> None:
    with pytest.raises(BadInput, match="expected as many, and at least one"):
        score(np.array(said), np.array(true), CLASSES)
