"""What a model version says of itself, in tags and back."""

from hypothesis import given
from hypothesis import strategies as st

from resources.registry.facts import LEASE_TAG, PARENT_TAG, ModelFacts, facts_of

WORDS = st.text("abcdefgh:/_0123456789", min_size=1, max_size=12)
FACTS = st.builds(
    ModelFacts,
    parent=st.just("") | WORDS.map(lambda word: f"models:/{word}"),
    code_version=WORDS,
    method=WORDS,
    seed=WORDS,
    asset=WORDS,
    partition=WORDS,
    lease_s=st.none() | st.floats(0, 1e7).map(lambda seconds: round(seconds, 1)),
    cost=st.none() | WORDS,
)


@given(FACTS)
def test_what_goes_into_tags_comes_back(facts: ModelFacts) -> None:
    assert facts_of(facts.tags) == facts


def test_a_model_of_before_these_were_kept_says_nothing() -> None:
    assert facts_of({}) == ModelFacts()
    assert ModelFacts().tags == {}


def test_a_base_model_says_that_it_has_no_parent() -> None:
    assert ModelFacts(code_version="c").tags[PARENT_TAG] == "none"


def test_a_lease_time_that_somebody_broke_in_mlflow_is_not_known() -> None:
    assert facts_of({LEASE_TAG: "long"}).lease_s is None
