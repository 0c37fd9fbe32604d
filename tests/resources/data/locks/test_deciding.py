"""Who gets the line: laws over drawn asks."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from resources.data.locks.deciding import AT_ONCE, Line, OnBranch, Refusal, decide, in_order
from resources.data.locks.model import MAIN_LINE, LockKind, LockState, VersionLock
from resources.terms import Actor, DatasetName, VersionKey

BEGAN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
HEAD = VersionKey("v1.3")


def ask(
    number: int,
    *,
    after_ms: int = 0,
    priority: int = 0,
    can_branch: bool = True,
    owner: str | None = None,
    key: str = HEAD,
) -> VersionLock:
    return VersionLock(
        id=f"{number:04d}",
        dataset=DatasetName("demo"),
        key=VersionKey(key),
        kind=LockKind.WRITE,
        line=MAIN_LINE,
        state=LockState.ASKED,
        owner=Actor(owner or f"user:u{number}"),
        user="u",
        purpose="test",
        priority=priority,
        can_branch=can_branch,
        holder=None,
        asked_at=BEGAN + timedelta(milliseconds=after_ms),
        until=BEGAN + timedelta(hours=1),
    )


@st.composite
def asks(draw: st.DrawFn) -> list[VersionLock]:
    drawn = draw(
        st.lists(
            st.tuples(st.integers(0, 4000), st.integers(-3, 3), st.booleans(), st.booleans()), max_size=12
        )
    )
    return [
        ask(number, after_ms=at, priority=priority, can_branch=can, key=HEAD if at_head else "v1.2")
        for number, (at, priority, can, at_head) in enumerate(drawn)
    ]


def test_of_two_who_ask_at_once_the_higher_priority_goes_first_else_the_earlier() -> None:
    late, early = ask(1, after_ms=900, priority=5), ask(2)
    assert in_order([early, late]) == [late, early]
    assert in_order([ask(1, after_ms=900), early]) == [early, ask(1, after_ms=900)]
    too_late = ask(1, after_ms=1001, priority=5)
    assert in_order([too_late, early]) == [early, too_late]


@given(asks(), st.randoms())
def test_the_order_does_not_depend_on_who_is_read_first(
    drawn: list[VersionLock], draw: random.Random
) -> None:
    shuffled = list(drawn)
    draw.shuffle(shuffled)
    assert in_order(shuffled) == in_order(drawn)
    assert sorted(one.id for one in in_order(drawn)) == sorted(one.id for one in drawn)


@given(asks())
def test_whoever_comes_later_was_not_a_second_earlier_nor_more_important_at_once(
    drawn: list[VersionLock],
) -> None:
    ordered = in_order(drawn)
    for place, first in enumerate(ordered):
        for second in ordered[place + 1 :]:
            assert second.asked_at >= first.asked_at - AT_ONCE
            if second.asked_at < first.asked_at:
                assert second.priority < first.priority


@given(asks())
def test_one_gets_the_line_and_nobody_waits(drawn: list[VersionLock]) -> None:
    answers = decide(drawn, [], HEAD)
    assert len(answers) == len(drawn)
    lines = [one.ask for one in answers if isinstance(one, Line)]
    at_head = [one for one in in_order(drawn) if one.key == HEAD]
    assert lines == at_head[:1]
    for answer in answers:
        if isinstance(answer, OnBranch | Refusal):
            assert answer.ask.can_branch == isinstance(answer, OnBranch)
            assert answer.because_of is None or answer.because_of.owner != answer.ask.owner


def test_who_has_the_line_gets_it_again_and_others_are_told_whose_it_is() -> None:
    ann = ask(1, owner="user:ann")
    again, bob, eve = ask(2, owner="user:ann"), ask(3), ask(4, can_branch=False)
    assert decide([again, bob, eve], [ann], HEAD) == [
        Line(again),
        OnBranch(bob, again),
        Refusal(eve, again),
    ]


def test_a_line_that_went_on_is_nobodys() -> None:
    assert decide([ask(1, key="v1.2"), ask(2, key="v1.2", can_branch=False)], [], HEAD) == [
        OnBranch(ask(1, key="v1.2"), None),
        Refusal(ask(2, key="v1.2", can_branch=False), None),
    ]
    assert isinstance(decide([ask(1)], [], None)[0], OnBranch)
