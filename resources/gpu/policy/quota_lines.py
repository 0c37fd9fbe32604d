"""The figures of quotas as people read them: a line for each party and resource."""

from collections.abc import Iterator
from dataclasses import dataclass

from resources.gpu.policy.amounts import Resource
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_file import completed
from resources.gpu.policy.quota_model import Account, Party, QuotaRow, Scope


@dataclass(frozen=True)
class Line:
    """A quota, or the use of somebody who has none of their own, with the figures of its account."""

    account: Account
    row: QuotaRow | None
    parent: Party | None
    weight: float
    lent: int = 0
    """How much of its nominal others use now; see :func:`lent`."""

    @property
    def nominal(self) -> int | None:
        """What it is owed; of a user what its row says, which is a part of what its project is owed."""
        if self.row is None or self.account.party.scope is not Scope.USER:
            return self.account.nominal
        return self.row.nominal


def lines_of(tree: QuotaTree) -> Iterator[Line]:
    """Each party by each resource that a row of it speaks of, or of which it uses what some row limits."""
    rows = {(row.party, row.resource): row for row in tree.rows.quotas}
    named = [one.party for one in completed(tree.rows).memberships]
    parties = [*tree.parties(), *(party for party in named if party not in tree.parties())]
    for party in parties:
        for resource in tree.resources:
            account = tree.account(party, resource)
            row = rows.get((party, resource))
            if row is not None or (account.used and account.limit is not None):
                yield Line(account, row, tree.parent(party), tree.weight(party), lent(tree, party, resource))


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
