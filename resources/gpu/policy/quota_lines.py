"""The figures of quotas as people read them: a line for each party and resource."""

from collections.abc import Iterator
from dataclasses import dataclass

from resources.gpu.policy.amounts import Resource
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_file import completed
from resources.gpu.policy.quota_model import Account, Party, QuotaRow, QuotaRows, Scope
from resources.texts import mark

SCOPES = {Scope.COHORT: mark("cohort"), Scope.PROJECT: mark("project"), Scope.USER: mark("user")}
"""What a party is."""


@dataclass(frozen=True)
class Line:
    """A quota, or the use of somebody who has none of their own, with the figures of its account."""

    account: Account
    row: QuotaRow | None
    parent: Party | None
    weight: float
    lent: int = 0
    """How much of its nominal others use now; see :func:`lent`."""
    kept_within: int = 0
    """Of a cohort: what its members keep for themselves, which its account does not count."""

    @property
    def nominal(self) -> int | None:
        """What all in it are owed; of a user what its row says, a part of what its project is owed."""
        if self.account.party.scope is Scope.USER:
            return None if self.row is None else self.row.nominal
        return None if self.account.nominal is None else self.account.nominal + self.kept_within

    @property
    def borrowed(self) -> int:
        """What it uses above what it is owed; a user without a row uses what its project is owed."""
        if self.row is None and self.account.party.scope is Scope.USER:
            return 0
        return min(self.account.used, self.account.borrowed)

    @property
    def limit(self) -> int | None:
        """The most that all in it could ever use."""
        return None if self.account.limit is None else self.account.limit + self.kept_within


def lines_of(tree: QuotaTree, as_set: QuotaRows | None = None) -> Iterator[Line]:
    """Each party by each resource that a row of it speaks of, or of which it uses what some row limits.

    ``as_set`` are the rows to tell, where those of the tree have the lending limits of now.
    """
    rows = {(row.party, row.resource): row for row in (as_set or tree.rows).quotas}
    named = [one.party for one in completed(tree.rows).memberships]
    parties = [*tree.parties(), *(party for party in named if party not in tree.parties())]
    for party in parties:
        for resource in tree.resources:
            account = tree.account(party, resource)
            row = rows.get((party, resource))
            if row is not None or (account.used and account.limit is not None):
                yield Line(
                    account,
                    row,
                    tree.parent(party),
                    tree.weight(party),
                    lent(tree, party, resource),
                    _kept_within(tree, party, resource),
                )


def lent(tree: QuotaTree, party: Party, resource: Resource) -> int:
    """How much of what ``party`` leaves unused its siblings use above what they are owed.

    Nobody borrows from one lender in particular: each that leaves something unused has lent its part of all
    that is borrowed within the cohort, in proportion to what it leaves.
    """
    above = tree.parent(party)
    if above is None or above.scope is not Scope.COHORT:
        return 0
    unused = dict(tree.lenders(above, resource))
    pool = sum(unused.values())
    if not pool or party not in unused:
        return 0
    borrowed = sum(tree.account(one, resource).borrowed for one in tree.children(above))
    within = min(pool, max(0, borrowed - tree.account(above, resource).borrowed))
    return unused[party] * within // pool


def _kept_within(tree: QuotaTree, party: Party, resource: Resource) -> int:
    if party.scope is not Scope.COHORT:
        return 0
    return sum(
        tree.account(one, resource).kept + _kept_within(tree, one, resource) for one in tree.children(party)
    )
