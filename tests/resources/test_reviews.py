"""What a data set declares about the review of its labels."""

import pytest

from resources.errors import BadInput
from resources.reviews import ReviewPlan


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"share": 1.2}, "share of a review is 1.2; expected from 0 to 1"),
        ({"known_share": -0.1}, "known_share of a review is -0.1"),
        ({"least_agreement": 0.5}, "least_agreement of a review is 0.5; expected more than 0.5"),
        ({"people_per_sample": 0}, "people_per_sample of a review is 0; expected 1 or more"),
        ({"least_alpha": 2}, "least_alpha of a review is 2"),
    ],
)
def test_what_cannot_work_is_refused(given: dict[str, float], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        ReviewPlan(**given)  # type: ignore[arg-type]


def test_a_share_of_nothing_looks_for_nothing() -> None:
    assert ReviewPlan().doubts
    assert not ReviewPlan(share=0).doubts
