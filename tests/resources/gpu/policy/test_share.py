"""Whose turn it is: the rules in their order, and laws of the order."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.model import Owner
from resources.gpu.policy.amounts import ANY_DEVICE, CPU_MILLI, HOST_MEMORY_MIB, Amounts, Resource
from resources.gpu.policy.decay import DecayedUsage
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import Membership, Party, QuotaRow, QuotaRows, cohort, project
from resources.gpu.policy.share import Standing, Turn, dominant_share, standing, turn, use_rate
from tests.examples import drawing
from tests.resources.gpu.policy.trees import OWNERS, amounts, histories, rows

CAPACITY: Mapping[Resource, int] = {ANY_DEVICE: 10_000, CPU_MILLI: 20_000, HOST_MEMORY_MIB: 1000}


def stands(
    name: str, now: float = 0.0, past: float = 0.0, *, borrows: bool = False, weight: float = 1.0
) -> Standing:
    return Standing(project(name), borrows, now, past, weight)


def order(*siblings: Standing) -> list[str]:
    return [one.party.path for one in sorted(siblings, key=lambda one: one.key)]


def turn_of(tree: QuotaTree, owner: Owner, past: Mapping[Party, float] | None = None) -> Turn:
    return turn(tree, owner, CAPACITY, lambda party: (past or {}).get(party, 0.0))


def test_who_is_within_what_it_is_owed_comes_before_who_borrows() -> None:
    assert order(stands("a", 0.01, borrows=True), stands("b", 0.9, 0.9)) == ["b", "a"]


def test_who_uses_less_comes_first() -> None:
    assert order(stands("a", 0.5), stands("b", 0.2), stands("c", 0.3)) == ["b", "c", "a"]


def test_who_used_less_in_the_past_comes_first() -> None:
    assert order(stands("a", 0.2, 0.4), stands("b", 0.2, 0.1)) == ["b", "a"]


def test_present_and_past_count_alike() -> None:
    assert order(stands("a", 0.5, 0.0), stands("b", 0.0, 0.4), stands("c", 0.3, 0.3)) == ["b", "a", "c"]


def test_who_weighs_twice_as_much_may_have_used_twice_as_much() -> None:
    assert order(stands("a", 0.3), stands("b", 0.5, weight=2.0)) == ["b", "a"]


def test_who_weighs_nothing_comes_last_once_it_used_something() -> None:
    assert order(stands("a", 0.001, weight=0.0), stands("b", 0.9)) == ["b", "a"]
    assert order(stands("b"), stands("a", weight=0.0)) == ["a", "b"]


def test_names_decide_between_those_that_stand_alike() -> None:
    assert order(stands("b", 0.5), stands("a", 0.5)) == ["a", "b"]


def test_cohorts_are_compared_before_the_projects_in_them() -> None:
    members = {"busy": "light", "idle": "heavy", "other": "heavy"}
    tree = QuotaTree(
        QuotaRows(
            (
                *(Membership(cohort(one)) for one in ("heavy", "light")),
                *(Membership(project(name), inside) for name, inside in members.items()),
            )
        )
    )
    tree.add(Owner("busy", "u"), Amounts.of_devices(1000))
    tree.add(Owner("other", "u"), Amounts.of_devices(8000))
    busy, idle = (turn_of(tree, Owner(name, "u")) for name in ("busy", "idle"))
    assert busy < idle
    assert idle[-1] < busy[-1]


def test_the_users_of_a_project_have_one_turn() -> None:
    tree = QuotaTree()
    tree.add(Owner("a", "ann"), Amounts.of_devices(2000))
    assert turn_of(tree, Owner("a", "ann")) == turn_of(tree, Owner("a", "bob"))


drawn = st.builds(
    Standing,
    st.sampled_from("abcdefgh").map(project),
    st.booleans(),
    st.floats(min_value=0, max_value=1),
    st.floats(min_value=0, max_value=1),
    st.sampled_from([0.0, 0.5, 1.0, 2.0]),
)
siblings = st.lists(drawn, max_size=8, unique_by=lambda one: one.party)


@given(siblings)
def test_nobody_that_borrows_comes_before_one_that_does_not(given_siblings: list[Standing]) -> None:
    borrowing = [one.borrows for one in sorted(given_siblings, key=lambda one: one.key)]
    assert borrowing == sorted(borrowing)


@given(siblings)
def test_no_two_have_the_same_turn(given_siblings: list[Standing]) -> None:
    assert len({one.key for one in given_siblings}) == len(given_siblings)


@given(siblings, st.floats(min_value=0.001, max_value=1))
def test_to_use_more_never_brings_ones_turn_forward(given_siblings: list[Standing], more: float) -> None:
    if not given_siblings:
        return
    mine, *others = given_siblings
    heavier = Standing(mine.party, mine.borrows, mine.now + more, mine.past, mine.weight)
    name = mine.party.path
    assert order(heavier, *others).index(name) >= order(mine, *others).index(name)


def test_the_dominant_share_is_the_largest_part() -> None:
    assert dominant_share({ANY_DEVICE: 2000, CPU_MILLI: 10_000}, CAPACITY) == 0.5
    assert dominant_share({}, CAPACITY) == 0
    assert dominant_share({Resource("V100"): 5}, CAPACITY) == 0


def test_the_example_of_dominant_resource_fairness() -> None:
    # 9 CPUs and 18 GB; tasks of 1 CPU and 4 GB, and of 3 CPUs and 1 GB (Ghodsi et al., NSDI 2011).
    capacity = {CPU_MILLI: 9000, HOST_MEMORY_MIB: 18}
    tasks = {"a": Amounts({}, 1000, 4), "b": Amounts({}, 3000, 1)}
    tree = QuotaTree()
    count = {"a": 0, "b": 0}
    while True:
        turns = sorted(tasks, key=lambda name: turn(tree, Owner(name, "u"), capacity, lambda _: 0.0))
        for name in turns:
            wanted = tasks[name]
            free = [
                capacity[one] - sum(tree.used(project(each), one) for each in tasks)
                for one in (CPU_MILLI, HOST_MEMORY_MIB)
            ]
            if wanted.cpu_milli <= free[0] and wanted.host_memory_mib <= free[1]:
                tree.add(Owner(name, "u"), wanted)
                count[name] += 1
                break
        else:
            break
    assert count == {"a": 3, "b": 2}


def test_a_turn_leads_from_the_cohort_to_the_project() -> None:
    tree = QuotaTree(
        QuotaRows(
            (Membership(cohort("research"), weight=3.0), Membership(project("vision"), "research")),
            (QuotaRow(project("vision"), ANY_DEVICE, 1000), QuotaRow(cohort("research"), ANY_DEVICE, 3000)),
        )
    )
    ann = Owner("vision", "ann")
    tree.add(ann, Amounts.of_devices(2000))
    past: dict[Party, float] = {project("vision"): 0.25}
    top = standing(tree, cohort("research"), CAPACITY, 0.0)
    middle = standing(tree, project("vision"), CAPACITY, 0.25)
    assert turn_of(tree, ann, past) == (top.key, middle.key)
    assert (top.borrows, top.now, top.weight) == (False, 0.2, 3.0)
    assert (middle.borrows, middle.now, middle.past) == (True, 0.25, 0.25)


def test_turns_come_round_until_each_has_what_it_is_due() -> None:
    tree = QuotaTree()
    heavy = QuotaTree(QuotaRows((Membership(project("a"), weight=3.0),)))
    for one in (tree, heavy):
        for _ in range(8):
            owner = min((Owner(name, "u") for name in "ab"), key=lambda who: turn_of(one, who))
            one.add(owner, Amounts.of_devices(1000))
    assert [tree.used(project(name), ANY_DEVICE) for name in "ab"] == [4000, 4000]
    assert [heavy.used(project(name), ANY_DEVICE) for name in "ab"] == [6000, 2000]


def test_the_past_of_a_party_accrues_at_its_share_of_the_capacity() -> None:
    tree = QuotaTree()
    tree.add(Owner("a", "u"), Amounts({"V100": 5000}, 2000))
    assert use_rate(tree, project("a"), CAPACITY) == 0.5
    past = DecayedUsage(3600.0).accrue(use_rate(tree, project("a"), CAPACITY), 3600.0)
    assert past.level(3600.0) == pytest.approx(0.25)


@drawing(0.3)
@given(rows(), histories, st.sampled_from(OWNERS), amounts)
def test_what_others_use_leaves_ones_own_standing_alone(
    given_rows: QuotaRows, history: list[tuple[Owner, Amounts]], other: Owner, more: Amounts
) -> None:
    tree = QuotaTree(given_rows)
    for owner, wanted in history:
        tree.add(owner, wanted)
    for owner in OWNERS:
        if owner.project != other.project:
            before = turn_of(tree, owner)[-1]
            tree.add(other, more)
            assert turn_of(tree, owner)[-1] == before
            tree.remove(other, more)
