from dataclasses import replace

import pytest

from resources.labeling.answers import judge
from resources.labeling.model import ProblemKind
from resources.texts import translator
from streamlit_app.problems import in_words
from tests.resources.labeling.test_answers import CLASSES, said, task
from tests.streamlit_app.test_stages import problem


@pytest.mark.parametrize("kind", ProblemKind)
def test_every_kind_of_problem_has_words_in_each_language(kind: ProblemKind) -> None:
    one = problem(blocks=True)
    one = replace(one, finding=replace(one.finding, kind=kind))
    english, chinese = in_words(one, translator("en")), in_words(one, translator("zh_CN"))
    assert all(english)
    assert all(chinese)
    assert not set(english) & set(chinese)


def test_different_answers_name_their_tasks_in_each_language() -> None:
    found = judge([task(1, said(1, "cat")), task(2, said(2, "dog"))], CLASSES).findings[0]
    one = replace(problem(blocks=True), finding=found)
    assert in_words(one, translator("en"))[0] == (
        "One sample has different answers: cat (task 1), dog (task 2)"
    )
    assert in_words(one, translator("zh_CN"))[0].endswith("cat（任务 1）, dog（任务 2）")
