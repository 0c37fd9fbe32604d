"""How long the folders of trainings stay."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import BadInput
from resources.learning.trainings.model import End, Outcome, Training, TrainingId
from resources.learning.trainings.retention import Held, Rule, in_use, starts_from, to_remove
from resources.learning.trainings.standing import LIVE, State
from tests.resources.learning.distributed.plans import tiny
from tests.resources.learning.trainings.examples import NOW, taken

RULE = Rule(keep_last=2, keep_days=30, keep_failed_days=90)
_DAY_S = 86_400.0


def held(
    key: str,
    state: State,
    days_ago: float,
    start: str | None = None,
    *,
    awaited: bool = False,
    model: str | None = "models:/stories/1",
) -> Held:
    """One of stories that stood so, so long ago."""
    at = -days_ago * _DAY_S
    end = None if state in LIVE else End(NOW + timedelta(seconds=at), Outcome.DONE)
    training = Training(TrainingId("stories", key), tiny(start_from=start), (taken(at),), end, model=model)
    return Held(training, state, Path("/trainings/stories") / key, "run-7" if awaited else None)


def gone(*of: Held) -> list[str]:
    return [one.training.id.key for one in to_remove(of, RULE, NOW)]


def test_the_newest_finished_stay_and_those_that_are_young() -> None:
    finished = [held(f"d{days}", State.DONE, days) for days in (400, 31, 200, 100)]
    assert gone(*finished) == ["d400", "d200"]
    assert gone(*finished, held("d1", State.DONE, 1), held("d29", State.DONE, 29)) == [
        "d400",
        "d200",
        "d100",
        "d31",
    ]


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED, State.KILLED, State.WAITING])
def test_one_that_can_be_gone_on_from_stays_longer_and_takes_no_place_of_a_finished_one(state: State) -> None:
    failed = [held("f89", state, 89), held("f91", state, 91), held("f92", state, 92, awaited=True)]
    finished = [held("d100", State.DONE, 100), held("d101", State.DONE, 101)]
    assert gone(*failed, *finished) == ["f91"]


def test_what_an_unfinished_one_starts_from_stays_and_is_named() -> None:
    old = [held(f"d{days}", State.DONE, days) for days in (300, 200, 100)]
    start = str(old[0].folder / "checkpoints" / "step-12")
    waits = held("w", State.WAITING, 1, start)
    assert gone(*old) == ["d300"]
    assert gone(*old, waits) == []
    assert [one.id.key for one in starts_from([*old, waits], old[0].folder)] == ["w"]
    assert gone(*old, held("w", State.DONE, 1, start)) == ["d300", "d200"]


def test_a_finished_one_that_became_no_model_stays_and_takes_no_place_of_those_that_did() -> None:
    only_copies = [held(f"u{days}", State.DONE, days, model=None) for days in (1, 50, 400)]
    registered = [held(f"d{days}", State.DONE, days) for days in (300, 200, 100)]
    assert gone(*only_copies, *registered) == ["d300"]
    assert gone(held("f", State.FAILED, 91, model=None)) == ["f"]


_SOME = st.lists(
    st.builds(
        held,
        st.integers(0, 10**6).map(str),
        st.sampled_from(State),
        st.floats(0, 400),
        awaited=st.booleans(),
        model=st.sampled_from([None, "models:/stories/1"]),
    ),
    max_size=12,
    unique_by=lambda one: one.training.id.key,
)


@given(_SOME, st.floats(0, 400))
def test_nothing_in_use_and_no_newest_model_is_ever_removed_and_time_only_adds(
    some: list[Held], later_days: float
) -> None:
    now = set(gone(*some))
    assert not [one for one in some if one.training.id.key in now and in_use(one)]
    done = [one for one in some if one.state is State.DONE]
    assert not [one for one in done if one.training.id.key in now and one.training.model is None]
    finished = sorted(done, key=lambda one: one.last_at)
    assert not [one for one in finished[-RULE.keep_last :] if one.training.id.key in now]
    later = {one.training.id.key for one in to_remove(some, RULE, NOW + timedelta(days=later_days))}
    assert now <= later


def test_the_rule_is_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Rule.from_environment() == Rule()
    monkeypatch.setenv("TRAINPLAT_KEEP_TRAININGS", "3")
    monkeypatch.setenv("TRAINPLAT_KEEP_TRAININGS_DAYS", "0.5")
    assert Rule.from_environment() == Rule(3, 0.5)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TRAINPLAT_KEEP_TRAININGS", "0"),
        ("TRAINPLAT_KEEP_TRAININGS", "2.5"),
        ("TRAINPLAT_KEEP_TRAININGS_DAYS", "a month"),
        ("TRAINPLAT_KEEP_TRAININGS_DAYS", "nan"),
        ("TRAINPLAT_KEEP_FAILED_TRAININGS_DAYS", "-1"),
    ],
)
def test_a_rule_that_is_no_number_is_refused(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadInput, match=f"{variable} is '{value}'; expected a number of at least"):
        Rule.from_environment()
