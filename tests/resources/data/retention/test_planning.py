"""What a rule keeps: each rule, and the laws that hold for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.retention.model import Fate, Plan, Rule, Standing
from resources.data.retention.planning import plan
from resources.data.versions.model import Branch, BranchState, State, Version
from resources.errors import BadInput
from resources.terms import Actor, DatasetName, VersionKey

ANN = Actor("user:ann")
PETS = DatasetName("pets")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY_S = 86_400


def version(number: int, days_old: int, branch: str | None = None, state: State = State.SEALED) -> Version:
    key = VersionKey(f"v1.{number}" if branch is None else f"{branch}@{number}")
    at = NOW - timedelta(days=days_old)
    return Version(PETS, key, number, branch, state, f"{number}.dir", "", 1, 1, "{}", ANN, "", at, ())


def branch(name: str, base: Version, head: Version, state: BranchState = BranchState.OPEN) -> Branch:
    return Branch(PETS, name, base.key, head.key, "ann", state, None, base.committed_at)


def rule(keep_last: int | None = None, days: int | None = None, close_days: int | None = None) -> Rule:
    younger = None if days is None else days * DAY_S
    after = None if close_days is None else close_days * DAY_S
    return Rule(PETS, keep_last, younger, after, ANN, NOW)


def standing(
    versions: Sequence[Version],
    branches: Sequence[Branch] = (),
    held: Mapping[VersionKey, Sequence[str]] | None = None,
    worked_on: Mapping[str, datetime] | None = None,
) -> Standing:
    return Standing(versions, branches, held or {}, worked_on or {})


def fates(planned: Plan) -> dict[str, Fate]:
    return {one.name: one.fate for one in (*planned.versions, *planned.branches)}


FIVE = [version(number, days_old=50 - 10 * number) for number in range(5)]
"""v1.0 is 50 days old, v1.4 ten."""


def test_the_newest_versions_of_the_main_line_are_kept_and_the_others_retired() -> None:
    assert [one.name for one in plan(rule(keep_last=2), standing(FIVE), NOW).retires] == [
        "v1.0",
        "v1.1",
        "v1.2",
    ]


def test_a_young_version_is_kept_whatever_its_place() -> None:
    planned = plan(rule(keep_last=1, days=25), standing(FIVE), NOW)
    assert [one.name for one in planned.retires] == ["v1.0", "v1.1", "v1.2"]
    assert {one.name: one.reason for one in planned.versions}[
        "v1.3"
    ] == "it is 20d old, which is less than 25d"


def test_the_newest_version_is_kept_however_old_it_is() -> None:
    planned = plan(rule(days=1), standing(FIVE), NOW)
    assert [one.name for one in planned.versions if one.fate is Fate.KEEP] == ["v1.4"]


def test_what_something_depends_on_is_kept_and_the_reason_names_it() -> None:
    held = {VersionKey("v1.0"): ["the model pets 3"], VersionKey("v1.1"): ["the tag best", "the pin ann"]}
    planned = plan(rule(keep_last=1), standing(FIVE, held=held), NOW)
    assert [one.name for one in planned.retires] == ["v1.2", "v1.3"]
    reasons = {one.name: one.reason for one in planned.versions}
    assert reasons["v1.0"] == "it is kept for the model pets 3"
    assert reasons["v1.1"] == "it is kept for the tag best, the pin ann"


def test_a_branch_that_nobody_works_on_is_closed_and_its_versions_are_judged_then() -> None:
    old, new = version(1, 40, "old"), version(2, 3, "new")
    branches = [branch("old", FIVE[0], old), branch("new", FIVE[1], new)]
    planned = plan(rule(keep_last=1, close_days=30), standing([*FIVE, old, new], branches), NOW)
    assert [one.name for one in planned.closes] == ["old"]
    assert fates(planned)["old@1"] is Fate.RETIRE
    assert fates(planned)["v1.0"] is Fate.RETIRE
    assert fates(planned)["new@2"] is Fate.KEEP
    assert fates(planned)["v1.1"] is Fate.KEEP, "the open branch began from it"


def test_a_branch_whose_conflicts_somebody_answers_stays_open() -> None:
    old = version(1, 40, "old")
    at = standing([*FIVE, old], [branch("old", FIVE[0], old)], worked_on={"old": NOW - timedelta(days=2)})
    assert fates(plan(rule(close_days=30), at, NOW))["old"] is Fate.KEEP


def test_a_rule_of_branches_retires_no_version() -> None:
    assert not plan(rule(close_days=1), standing(FIVE), NOW).retires


def test_what_is_retired_or_erased_already_is_in_no_plan_and_takes_nobodys_place() -> None:
    gone = [replace(FIVE[3], state=State.ERASED), replace(FIVE[2], state=State.RETIRED)]
    planned = plan(rule(keep_last=2), standing([*FIVE[:2], *gone, FIVE[4]]), NOW)
    assert fates(planned) == {"v1.0": Fate.RETIRE, "v1.1": Fate.KEEP, "v1.4": Fate.KEEP}


@pytest.mark.parametrize("last", [0, -1])
def test_a_rule_that_keeps_nothing_or_says_nothing_is_refused(last: int) -> None:
    with pytest.raises(BadInput, match="expected at least 1"):
        rule(keep_last=last)
    with pytest.raises(BadInput, match="says nothing"):
        rule()


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    """Any data set: a main line, branches in any state, some versions held."""
    ages = sorted(draw(st.lists(st.integers(0, 100), min_size=1, max_size=8)), reverse=True)
    names = draw(st.lists(st.sampled_from(["b1", "b2"]), unique=True))
    versions, branches = [], []
    for number, age in enumerate(ages):
        line = draw(st.sampled_from([None, *names])) if number else None
        versions.append(version(number, age, line, draw(st.sampled_from(State))))
    for name in names:
        own = [one for one in versions if one.branch == name]
        base = draw(st.sampled_from([one for one in versions if one.branch is None]))
        branches.append(branch(name, base, own[-1] if own else base, draw(st.sampled_from(BranchState))))
    held = draw(st.sets(st.sampled_from([one.key for one in versions])))
    return standing(versions, branches, {key: ["the pin x"] for key in held})


def applied(at: Standing, planned: Plan) -> Standing:
    retired, closed = {one.name for one in planned.retires}, {one.name for one in planned.closes}
    versions = [replace(one, state=State.RETIRED) if one.key in retired else one for one in at.versions]
    closed_ones = [
        replace(one, state=BranchState.CLOSED) if one.name in closed else one for one in at.branches
    ]
    return replace(at, versions=versions, branches=closed_ones)


parts = st.tuples(
    st.none() | st.integers(1, 6), st.none() | st.integers(1, 90), st.none() | st.integers(1, 90)
).filter(lambda found: found != (None, None, None))


@given(standings(), parts)
def test_what_is_held_newest_or_on_an_open_branch_is_never_retired(
    at: Standing, said: tuple[int | None, int | None, int | None]
) -> None:
    planned = plan(rule(*said), at, NOW)
    retired = {one.name for one in planned.retires}
    open_now = {one.name for one in planned.branches if one.fate is Fate.KEEP}
    main = [one.key for one in at.versions if one.branch is None and one.state is State.SEALED]
    assert retired.isdisjoint(at.held)
    assert retired.isdisjoint(main[-1:])
    assert not [one for one in at.versions if one.key in retired and one.branch in open_now]
    assert all(one.reason for one in (*planned.versions, *planned.branches))


@given(standings(), parts)
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(
    at: Standing, said: tuple[int | None, int | None, int | None]
) -> None:
    after = plan(rule(*said), applied(at, plan(rule(*said), at, NOW)), NOW)
    assert (after.retires, after.closes) == ((), ())


@given(standings(), parts, st.integers(0, 5), st.integers(0, 50))
def test_a_rule_that_keeps_more_retires_no_other_version(
    at: Standing, said: tuple[int | None, int | None, int | None], more: int, longer: int
) -> None:
    last, days, close = said
    wider = (None if last is None else last + more, None if days is None else days + longer, close)
    fewer = {one.name for one in plan(rule(*wider), at, NOW).retires}
    assert fewer <= {one.name for one in plan(rule(*said), at, NOW).retires}
