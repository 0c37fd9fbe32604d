from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from resources.learning.continual.tasks import line_up_to, matrix_of
from resources.terms import Label, VersionKey

CAT, DOG, FOX = Label("cat"), Label("dog"), Label("fox")


@dataclass(frozen=True)
class Round:
    version: VersionKey
    hits: Mapping[Label, tuple[int, int]]


def test_a_line_has_the_versions_that_one_came_from_and_no_others() -> None:
    first, second, aside, last = (VersionKey(f"v1.{minor}") for minor in range(4))
    parents = {first: None, second: first, aside: first, last: second}
    measured = {one: Round(one, {CAT: (1, 1)}) for one in (first, aside, last)}  # the second was carried
    assert [one.version for one in line_up_to(last, parents, measured)] == [first, last]
    assert line_up_to(VersionKey("v9.9"), parents, measured) == []


def test_a_class_is_of_the_task_of_the_version_that_first_had_samples_to_test_it() -> None:
    first = Round(VersionKey("v1.0"), {CAT: (3, 4), DOG: (0, 0)})
    second = Round(VersionKey("v1.1"), {CAT: (4, 4), DOG: (1, 2), FOX: (2, 2)})
    matrix = matrix_of([first, second])
    assert matrix.tasks == ("v1.0: cat", "v1.1: dog, fox")
    assert [row.accuracies for row in matrix.rows] == [(0.75,), (1.0, 0.75)]


counts = st.integers(0, 9).flatmap(lambda there: st.tuples(st.integers(0, there), st.just(there)))


@given(st.lists(st.dictionaries(st.sampled_from([CAT, DOG, FOX]), counts), min_size=1, max_size=5))
def test_each_class_is_of_one_task_and_shares_are_shares(drawn: list[dict[Label, tuple[int, int]]]) -> None:
    matrix = matrix_of([Round(VersionKey(f"v1.{k}"), hits) for k, hits in enumerate(drawn)])
    named = [label for task in matrix.tasks for label in task.partition(": ")[2].split(", ")]
    tested = {label for hits in drawn for label, (_, there) in hits.items() if there}
    assert sorted(named) == sorted(tested)
    assert all(share is None or 0 <= share <= 1 for row in matrix.rows for share in row.accuracies)
