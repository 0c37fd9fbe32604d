"""Another account of quotas, from the definitions: nothing is kept, and each question walks over all.

It reads the rows only, and shares no code with ``QuotaTree`` but the values.
"""

from collections.abc import Sequence

from resources.gpu.model import Owner
from resources.gpu.policy.amounts import Amounts, Resource
from resources.gpu.policy.quota_model import Party, QuotaRow, QuotaRows, Scope, cohort, project, user

Held = Sequence[tuple[Owner, Amounts]]


def taken(amounts: Amounts, resource: str) -> int:
    """How much of a resource these amounts are."""
    if resource == "cpu_milli":
        return amounts.cpu_milli
    if resource == "host_memory_mib":
        return amounts.host_memory_mib
    return sum(
        milli
        for model, milli in amounts.devices_milli.items()
        if resource == "*" or (model is not None and resource in model.upper().replace("-", " ").split())
    )


class Oracle:
    """One resource of one hierarchy."""

    def __init__(self, rows: QuotaRows, resource: Resource, held: Held) -> None:
        self.rows, self.resource, self.held = rows, resource, held
        self.parents: dict[Party, Party | None] = {}
        for one in rows.memberships:
            self.parents[one.party] = None if one.parent is None else cohort(one.parent)
        for owner, _ in held:
            self.know(owner)
        for row in rows.quotas:
            if row.party.scope is Scope.USER:
                self.parents[row.party] = project(row.party.name)
            self.parents.setdefault(row.party, None)

    def know(self, owner: Owner) -> None:
        self.parents.setdefault(project(owner.project), None)
        self.parents[user(owner.project, owner.user)] = project(owner.project)

    def path(self, owner: Owner) -> list[Party]:
        self.know(owner)
        at: Party | None = user(owner.project, owner.user)
        found = []
        while at is not None:
            found.append(at)
            at = self.parents[at]
        return found

    def top(self, party: Party) -> Party:
        while (above := self.parents[party]) is not None:
            party = above
        return party

    def governed(self, party: Party) -> bool:
        return any(
            row.resource == self.resource
            for row in self.rows.quotas
            if row.party.scope is not Scope.USER and self.top(row.party) == self.top(party)
        )

    def row(self, party: Party) -> QuotaRow | None:
        own = {row.resource: row for row in self.rows.quotas if row.party == party}
        found = own.get(self.resource)
        if found is not None:
            return found
        follows = [row for name, row in own.items() if name not in {"cpu_milli", "host_memory_mib"}]
        if self.resource != "*" or party.scope is Scope.USER or not follows or not self.governed(party):
            return None
        (only,) = follows  # the trees of these tests know one model
        return QuotaRow(party, nominal=only.nominal, lending_limit=only.lending_limit)

    def children(self, party: Party) -> list[Party]:
        return [one for one, above in self.parents.items() if above == party]

    def owed(self, party: Party) -> float:
        row = self.row(party)
        nominal = 0 if row is None else row.nominal
        if self.parents[party] is None and not self.governed(party):
            return float("inf")
        if party.scope is not Scope.COHORT:
            return nominal
        return nominal + sum(self.owed(child) - self.kept(child) for child in self.children(party))

    def kept(self, party: Party) -> float:
        row = self.row(party)
        if row is None or row.lending_limit is None or self.parents[party] is None:
            return 0
        return max(0, self.owed(party) - row.lending_limit)

    def used(self, party: Party) -> int:
        if party.scope is Scope.USER:
            return sum(
                taken(amounts, self.resource)
                for owner, amounts in self.held
                if (owner.project, owner.user) == (party.name, party.user)
            )
        return sum(int(max(0, self.used(child) - self.kept(child))) for child in self.children(party))

    def ceiling(self, party: Party) -> float:
        row = self.row(party)
        if self.parents[party] is None:
            return self.owed(party)
        if row is None or row.borrowing_limit is None:
            return float("inf")
        return self.owed(party) + row.borrowing_limit

    def over(self) -> set[Party]:
        """Who uses more than it may."""
        return {party for party in self.parents if self.used(party) > self.ceiling(party)}

    def borrowed(self, party: Party) -> float:
        return max(0, self.used(party) - self.owed(party))
