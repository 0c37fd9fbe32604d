import pytest

from resources.asking import QueryPlan, Strategy
from resources.errors import BadInput


def test_one_pick_in_ten_is_random_unless_a_data_set_says_otherwise() -> None:
    assert QueryPlan() == QueryPlan(Strategy.MARGIN_COVER, 0.1)


def test_a_strategy_may_be_named_as_text_and_one_that_does_not_exist_is_refused() -> None:
    assert QueryPlan("badge").strategy == Strategy.BADGE  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="'bagde' does not exist") as told:
        QueryPlan("bagde")  # type: ignore[arg-type]
    assert "badge, bald" in told.value.next_step


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(BadInput, match=f"share of random picks is {share}"):
        QueryPlan(random_share=share)
