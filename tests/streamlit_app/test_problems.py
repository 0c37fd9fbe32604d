from dataclasses import replace

import pytest

from resources.labeling.model import ProblemKind
from resources.texts import translator
from streamlit_app.problems import in_words
from tests.streamlit_app.test_stages import problem


@pytest.mark.parametrize("kind", ProblemKind)
def test_every_kind_of_problem_has_words_in_each_language(kind: ProblemKind) -> None:
    one = problem(blocks=True)
    one = replace(one, finding=replace(one.finding, kind=kind))
    english, chinese = in_words(one, translator("en")), in_words(one, translator("zh_CN"))
    assert all(english)
    assert all(chinese)
    assert not set(english) & set(chinese)
