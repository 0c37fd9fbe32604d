"""What is lent, and whose it is."""

from hypothesis import HealthCheck, given, settings

from resources.gpu.model import Owner
from resources.gpu.policy.amounts import Amounts
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_lines import lent, lines_of
from resources.gpu.policy.quota_model import Membership, QuotaRow, QuotaRows, Scope, cohort, project, user
from tests.resources.gpu.policy.trees import LAW, V100, histories
from tests.resources.gpu.policy.trees import rows as random_rows


def test_each_lender_has_lent_its_part_of_what_is_borrowed() -> None:
    names = ("a", "b", "c")
    tree = QuotaTree(
        QuotaRows(
            (Membership(cohort("all")), *(Membership(project(name), "all") for name in names)),
            tuple(
                QuotaRow(project(name), V100, nominal)
                for name, nominal in zip(names, (3000, 1000, 0), strict=True)
            ),
        )
    )
    tree.add(Owner("c", "eve"), Amounts.of_devices(2000, "Tesla V100"))
    assert [lent(tree, project(name), V100) for name in names] == [1500, 500, 0]


def test_a_cohort_is_owed_what_its_members_keep_too() -> None:
    """Else it would seem to use more than it is owed when they use it."""
    tree = QuotaTree(
        QuotaRows(
            (
                Membership(cohort("all")),
                Membership(cohort("lab"), "all"),
                *(Membership(project(name), "lab") for name in ("a", "b")),
            ),
            (
                QuotaRow(project("a"), V100, 3000, lending_limit=1000),
                QuotaRow(project("b"), V100, 1000),
                QuotaRow(user("a", "eve"), V100, 500),
            ),
        )
    )
    tree.add(Owner("a", "ann"), Amounts.of_devices(3000, "Tesla V100"))
    figures = {one.account.party.path: (one.account.used, one.nominal, one.limit) for one in lines_of(tree)}
    assert figures == {
        "all": (3000, 4000, 4000),
        "lab": (3000, 4000, 4000),
        "a": (3000, 3000, 4000),
        "a/ann": (3000, None, 4000),
        "a/eve": (0, 500, 4000),
        "b": (0, 1000, 2000),
    }


@settings(LAW, suppress_health_check=[HealthCheck.too_slow])
@given(random_rows(), histories)
def test_nobody_lends_more_than_it_leaves_unused_nor_all_more_than_is_borrowed(
    rows: QuotaRows, history: list[tuple[Owner, Amounts]]
) -> None:
    tree = QuotaTree(rows)
    for owner, amounts in history:
        tree.add(owner, amounts)
    for party in tree.parties():
        if party.scope is not Scope.COHORT:
            continue
        for resource in tree.resources:
            unused = dict(tree.lenders(party, resource))
            parts = {one: lent(tree, one, resource) for one in tree.children(party)}
            borrowed = sum(tree.account(one, resource).borrowed for one in tree.children(party))
            assert all(0 <= part <= unused.get(one, 0) for one, part in parts.items())
            assert sum(parts.values()) <= borrowed
