"""The model versions that the comparison is measured with."""

import numpy as np

from benchmarks.comparison import NAME
from benchmarks.comparison_pages import Ours, Pages, Theirs
from benchmarks.many_models import METHODS, ManyModels, method_of

SOME = ManyModels(count=60, test_count=200)


def test_the_same_seed_draws_the_same_models() -> None:
    first, again = ([SOME.measured(one) for one in SOME.answers()] for _ in range(2))
    assert first == again
    other = ManyModels(count=60, test_count=200, seed=1)
    assert other.measured(next(other.answers())) != first[0]


def test_later_models_are_better_and_each_method_has_its_part() -> None:
    measured = [SOME.measured(one) for one in SOME.answers()]
    values = np.array([one.value for one in measured])
    assert values[30:].mean() > values[:30].mean()
    assert {one.params["method"] for one in measured} == {*METHODS}
    assert sum(method_of(number) == "ewc" for number in range(1, 61)) == 12
    assert [one.dataset_version for one in measured] == sorted(
        (one.dataset_version for one in measured), key=lambda version: int(version.partition(".")[2])
    )


def test_what_is_measured_has_its_names() -> None:
    looks: list[Pages] = [Ours(None, "", 1), Theirs(None, "", "1", 1), Theirs(None, "", "1", 1, True)]  # type: ignore[arg-type]
    assert NAME == "comparison"
    assert [one.name for one in looks] == ["ours", "mlflow", "mlflow_charts"]
