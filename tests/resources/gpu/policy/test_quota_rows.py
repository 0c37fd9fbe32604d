"""Rows of quotas that do not hold together are refused, each with its value."""

import math

import pytest

from resources.gpu.policy.amounts import ANY_DEVICE, CPU_MILLI, HOST_MEMORY_MIB, Resource
from resources.gpu.policy.quota_model import (
    BadQuota,
    Membership,
    Party,
    QuotaRow,
    QuotaRows,
    Scope,
    cohort,
    project,
    user,
)
from resources.gpu.policy.quota_rows import checked

V100, A100 = Resource("V100"), Resource("A100")
RESEARCH = Membership(cohort("research"))
VISION = Membership(project("vision"), "research")


def rows(*given: Membership | QuotaRow) -> QuotaRows:
    return QuotaRows(
        tuple(one for one in given if isinstance(one, Membership)),
        tuple(one for one in given if isinstance(one, QuotaRow)),
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([QuotaRow(project("vision"), V100, -1)], "the row of project vision for V100 has the nominal -1"),
        (
            [RESEARCH, VISION, QuotaRow(project("vision"), V100, 1, borrowing_limit=-2)],
            "the row of project vision for V100 has the borrowing limit -2",
        ),
        (
            [RESEARCH, VISION, QuotaRow(project("vision"), V100, 1, lending_limit=-3)],
            "the row of project vision for V100 has the lending limit -3",
        ),
        (
            [RESEARCH, VISION, QuotaRow(project("vision"), V100, 1, lending_limit=2)],
            "the row of project vision for V100 has the lending limit 2, more than its nominal 1",
        ),
        (
            [QuotaRow(project("vision"), V100, 1), QuotaRow(project("vision"), V100, 2)],
            "project vision has 2 rows for V100; expected one",
        ),
        ([RESEARCH, RESEARCH], "cohort research has 2 memberships; expected one"),
        ([VISION], "project vision is put into cohort research, which no row describes"),
        (
            [Membership(cohort("a"), "b"), Membership(cohort("b"), "a")],
            "cohort a is in itself: a in b in a; cohort b is in itself: b in a in b",
        ),
        ([Membership(cohort("a"), "a")], "cohort a is in itself: a in a"),
        ([Membership(project("vision"), weight=-1)], "project vision has the weight -1"),
        ([Membership(project("vision"), weight=math.nan)], "project vision has the weight nan"),
        ([Membership(project("vision"), weight=math.inf)], "project vision has the weight inf"),
        (
            [RESEARCH, Membership(user("vision", "ann"), "research")],
            "user ann of project vision is put into cohort research; a user belongs to its project",
        ),
        (
            [QuotaRow(project("vision"), V100, 4), QuotaRow(user("vision", "ann"), V100, 1, None, 1)],
            "the row of user ann of project vision for V100 has the lending limit 1; a user lends all",
        ),
        (
            [
                QuotaRow(project("vision"), V100, 4000),
                QuotaRow(user("vision", "ann"), V100, 3000),
                QuotaRow(user("vision", "bob"), V100, 2000),
            ],
            "the users of project vision are owed 5000 of V100, more than its nominal 4000",
        ),
        (
            [QuotaRow(project("vision"), V100, 4), QuotaRow(project("*"), V100, 1)],
            "the row of project * for V100 has the nominal 1; nothing can be owed to parties of unknown",
        ),
        ([QuotaRow(user("vision", "*"), V100, 1)], "has the nominal 1; nothing can be owed"),
        (
            [QuotaRow(cohort("*"), V100, 1)],
            "cohort *: * stands for every other project or user, not for cohorts",
        ),
        ([QuotaRow(project("vision"), Resource("v100"), 1)], "names no resource; expected V100"),
        ([QuotaRow(project("vision"), Resource("Tesla V100"), 1)], "names no resource; expected TESLA-V100"),
        ([QuotaRow(project("vision"), Resource(""), 1)], r"names no resource; expected *"),
        ([QuotaRow(project(""), V100, 1)], "project  has an empty name"),
        ([QuotaRow(Party(Scope.PROJECT, "vision", "ann"), V100, 1)], "project vision names the user 'ann'"),
        ([QuotaRow(Party(Scope.USER, "vision"), V100)], "user None of project vision names the user None"),
        (
            [QuotaRow(project("alone"), V100, 4, borrowing_limit=2)],
            "the row of project alone for V100 has the borrowing limit 2, but is in no cohort",
        ),
        (
            [QuotaRow(cohort("research"), V100, 4, lending_limit=2)],
            "the row of cohort research for V100 has the lending limit 2, but is in no cohort",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_row_and_value(given: list[Membership | QuotaRow], said: str) -> None:
    with pytest.raises(BadQuota) as raised:
        checked(rows(*given))
    assert said in raised.value.problem


def test_every_problem_is_listed_at_once() -> None:
    with pytest.raises(BadQuota) as raised:
        checked(rows(QuotaRow(project("b"), V100, -1), QuotaRow(project("a"), V100, -2), VISION))
    assert raised.value.problem == (
        "the quotas do not hold together: "
        "project vision is put into cohort research, which no row describes; "
        "the row of project a for V100 has the nominal -2; expected 0 or more; "
        "the row of project b for V100 has the nominal -1; expected 0 or more"
    )
    assert raised.value.next_step == "Mend these rows; none was changed."


def test_members_may_be_owed_more_than_their_cohort_has_of_its_own() -> None:
    plan = checked(
        rows(
            RESEARCH,
            VISION,
            QuotaRow(cohort("research"), V100, 1000),
            QuotaRow(project("vision"), V100, 9000),
        )
    )
    assert plan.parents[project("vision")] == cohort("research")


def test_a_cohort_is_known_by_its_quota_alone() -> None:
    plan = checked(rows(VISION, QuotaRow(cohort("research"), V100, 1000)))
    assert plan.parents == {project("vision"): cohort("research"), cohort("research"): None}


def test_the_place_of_a_project_does_not_depend_on_the_order_of_rows() -> None:
    quota = QuotaRow(project("vision"), V100, 1)
    users = QuotaRow(user("vision", "ann"), V100)
    weighs = Membership(user("vision", "ann"), weight=2)
    orders: list[list[Membership | QuotaRow]] = [
        [RESEARCH, VISION, quota, users, weighs],
        [weighs, users, quota, VISION, RESEARCH],
    ]
    for order in orders:
        assert checked(rows(*order)).parents[project("vision")] == cohort("research")


def test_a_row_limits_what_it_speaks_of_in_its_hierarchy_only() -> None:
    plan = checked(
        rows(RESEARCH, VISION, QuotaRow(project("vision"), V100, 1), QuotaRow(project("alone"), A100, 1))
    )
    assert plan.governed == {cohort("research"): {V100}, project("alone"): {A100}}


def test_a_limit_of_a_user_limits_nobody_else() -> None:
    plan = checked(rows(RESEARCH, VISION, QuotaRow(user("vision", "ann"), V100, 0, 1000)))
    assert plan.governed == {}


def test_a_user_may_be_owed_something_where_nothing_limits_its_project() -> None:
    plan = checked(rows(QuotaRow(user("vision", "ann"), V100, 9000)))
    assert plan.quotas[user("vision", "ann")][V100].nominal == 9000


def test_what_is_owed_of_some_models_is_owed_of_any() -> None:
    given = rows(
        RESEARCH,
        VISION,
        Membership(project("speech"), "research"),
        QuotaRow(project("vision"), V100, 4000, lending_limit=1000),
        QuotaRow(project("vision"), A100, 2000),
        QuotaRow(project("vision"), CPU_MILLI, 9000),
        QuotaRow(project("vision"), HOST_MEMORY_MIB, 100),
        QuotaRow(project("speech"), ANY_DEVICE, 8000),
    )
    follows = checked(given).quotas[project("vision")][ANY_DEVICE]
    assert follows == QuotaRow(project("vision"), ANY_DEVICE, 6000, None, 3000)


def test_a_model_within_another_counts_once() -> None:
    given = rows(
        QuotaRow(project("vision"), V100, 4000),
        QuotaRow(project("vision"), Resource("V100-32GB"), 2000),
        RESEARCH,
        VISION,
        QuotaRow(cohort("research"), ANY_DEVICE, 1000),
    )
    assert checked(given).quotas[project("vision")][ANY_DEVICE].nominal == 4000


def test_where_no_row_speaks_of_any_device_none_follows() -> None:
    assert ANY_DEVICE not in checked(rows(QuotaRow(project("vision"), V100, 1))).quotas[project("vision")]


def test_no_rows_hold_together() -> None:
    plan = checked(QuotaRows())
    assert plan.resources == (ANY_DEVICE, CPU_MILLI, HOST_MEMORY_MIB)
    assert not plan.quotas
