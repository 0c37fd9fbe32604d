import pytest

from resources.data.merging.model import ConflictKind, How
from resources.texts.translate import ENGLISH, translator
from streamlit_app.data.wording import amount, conflict_in_words, how_in_words, unit_of


@pytest.mark.parametrize(
    ("size", "said"), [(0, "0 B"), (1536, "1.5 KiB"), (200 * 2**20, "200 MiB"), (-2048, "-2.0 KiB")]
)
def test_bytes_are_said_in_the_unit_that_fits(size: int, said: str) -> None:
    assert amount(size) == said


def test_the_largest_unit_takes_whatever_is_larger() -> None:
    assert unit_of(5 * 1024**5) == ("TiB", 1024**4)


def test_each_kind_of_conflict_and_each_outcome_of_a_file_has_words() -> None:
    _ = translator(ENGLISH)
    assert len({conflict_in_words(kind, _) for kind in ConflictKind}) == len(ConflictKind)
    assert len({how_in_words(how, _) for how in How}) == len(How)
