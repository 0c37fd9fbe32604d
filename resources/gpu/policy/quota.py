"""Quotas in a hierarchy of cohorts, with what is used: who may have how much now, and who has whose.

The algebra is that of hierarchical cohorts in Kueue (``pkg/cache/scheduler/resource_node.go``): what a party
keeps for itself (its *local* part: what it has less its lending limit) is used first; what it uses above that
counts against its parent, and so on up. One thing differs: a party's local part is never refused to it, even
where more is used above it than there is, as after a nominal was lowered.

Rules, as docs/gpu-policy.md explains them:

- **Q1** No row speaks of what is asked, for the owner or above it: no quota limits it.
- **Q2** It is within what the owner's project is owed.
- **Q3** It fits by borrowing what others in a cohort leave unused.
- **Q4** It would pass a limit: of the user, of the project, or of a cohort.
- **Q5** It is above what the project is owed, and the cohort has nothing unused left.
- **Q6** It is owed, and others have borrowed it: they have to give it back.
- **Q7** It can never fit, even if nothing were used.
"""

from collections.abc import Iterable, Mapping

from resources.errors import NotFound
from resources.gpu.model import Owner
from resources.gpu.policy.amounts import (
    CPU_MILLI,
    HOST_MEMORY_MIB,
    Amounts,
    Resource,
    covers,
    flavour,
    is_device,
    shown,
)
from resources.gpu.policy.quota_model import (
    EVERY_OTHER,
    Account,
    Borrower,
    Fit,
    FitKind,
    Party,
    QuotaRows,
    Scope,
    Share,
    Shortfall,
    project,
    user,
)
from resources.gpu.policy.quota_nodes import (
    Cell,
    Node,
    Step,
    apply_row,
    bounded,
    by_path,
    everyone_in,
    parties_above,
    sum_up,
)
from resources.gpu.policy.quota_rows import Plan, checked
from resources.gpu.policy.reason import Reason, Value
from resources.texts import mark

_Q1 = mark("No quota limits {who} in this.")
_Q2 = mark("Within what {who} is owed.")
_Q3 = mark("{who} borrows {amount} that others in cohort {cohort} leave unused.")
_Q4 = {
    Scope.USER: mark(
        "{who} may use at most {limit} in this project and uses {used}; {nearest} more would fit."
    ),
    Scope.PROJECT: mark("Project {who} may use at most {limit} and uses {used}; {nearest} more would fit."),
    Scope.COHORT: mark(
        "Cohort {who} may use at most {limit} together and uses {used}; {nearest} more would fit."
    ),
}
_Q5 = mark(
    "This is above what {owner} is owed, and of the {limit} in cohort {who}, {used} are in use; "
    "{nearest} more would fit."
)
_Q6 = mark("{who} is owed this, and has lent it; to give back: {borrowers}.")
_Q7 = mark("The quotas of {who} never allow {asked}: at most {limit} when nothing is in use.")


class QuotaTree:
    """The hierarchy with its accounts of use. A question or a change costs the depth of the tree.

    Raises :class:`BadQuota` for rows that do not hold together. Without rows, nothing is limited.
    """

    def __init__(self, rows: QuotaRows | None = None) -> None:
        self._plan: Plan = checked(rows or QuotaRows())
        self._nodes: dict[Party, Node] = {}
        self._paths: dict[Owner, list[Node]] = {}
        self._counted: dict[str | None, tuple[Resource, ...]] = {}
        self._held: dict[Owner, dict[str | None, int]] = {}
        self._over_budget: dict[Party, Reason] = {}
        for party in self._plan.parents:
            self._node(party)
        for party in self._plan.quotas:
            self._node(party)
        for root in [node for node in self._nodes.values() if node.parent is None]:
            sum_up(root)

    @property
    def rows(self) -> QuotaRows:
        """What it was built from."""
        return self._plan.rows

    @property
    def resources(self) -> tuple[Resource, ...]:
        """All that is counted."""
        return self._plan.resources

    def counting(self, model: str | None) -> tuple[Resource, ...]:
        """Which of :attr:`resources` count a device of ``model``."""
        known = self._counted.get(model)
        if known is None:
            name = flavour(model)
            known = tuple(one for one in self._plan.resources if is_device(one) and covers(one, name))
            self._counted[model] = known
        return known

    def add(self, owner: Owner, amounts: Amounts) -> None:
        """Count ``amounts`` as used by ``owner``, whether or not they fit: a lease is a fact."""
        self._change(owner, amounts, 1)

    def remove(self, owner: Owner, amounts: Amounts) -> None:
        """Take back what :meth:`add` counted. Raises :class:`ValueError` for more than is used."""
        held = self._held.get(owner, {})
        for name, amount in amounts:
            if amount > held.get(name, 0):
                raise ValueError(
                    f"{owner.project}/{owner.user} uses {held.get(name, 0)} of {name}, not {amount}"
                )
        self._change(owner, amounts, -1)

    def fits(self, owner: Owner, amounts: Amounts) -> Fit:
        """Whether quotas allow ``owner`` this now; rules Q1 to Q6, and B1 for a budget that is used up."""
        path = self._path(owner)
        for node in path if self._over_budget else ():
            if node.party in self._over_budget:
                return Fit(FitKind.OVER_BUDGET, self._over_budget[node.party])
        steps = [
            Step(resource, asked, path) for resource, asked in self._by_resource(amounts).items() if asked > 0
        ]
        shortfalls = tuple(_shortfall(step) for step in steps if step.blocked)
        refused = [step for step in steps if step.blocked and not step.reclaims]
        if refused:
            worst = min(refused, key=lambda step: step.kind is not FitKind.OVER_LIMIT)
            return Fit(worst.kind, _refusal(worst, owner), shortfalls=shortfalls)
        blocked = [step for step in steps if step.blocked]
        if blocked:
            return self._reclaim(path, blocked, owner, shortfalls)
        loans = tuple(loan for step in steps if (loan := step.loan) is not None)
        if loans:
            amount = ", ".join(shown(loan.resource, loan.amount) for loan in loans)
            values: dict[str, Value] = {
                "who": owner.project,
                "amount": amount,
                "cohort": loans[0].cohort.name,
            }
            return Fit(FitKind.BORROWS, Reason("Q3", _Q3, values), loans)
        if not any(step.is_limited for step in steps):
            return Fit(FitKind.WITHIN, Reason("Q1", _Q1, {"who": owner.project}))
        return Fit(FitKind.WITHIN, Reason("Q2", _Q2, {"who": owner.project}))

    def ever_fits(self, owner: Owner, amounts: Amounts) -> Fit | None:
        """Rule Q7: None where ``amounts`` would fit if nothing were in use, else the refusal.

        For requests that are made; budgets, which begin anew, play no part.
        """
        path = self._path(owner)
        shortfalls = []
        for resource, asked in self._by_resource(amounts).items():
            most = path[0].potential(resource)
            if asked > most:
                shortfalls.append(Shortfall(path[0].party, resource, asked, 0, most, most))
        if not shortfalls:
            return None
        first = shortfalls[0]
        values: dict[str, Value] = {
            "who": first.party.path,
            "asked": shown(first.resource, first.asked),
            "limit": shown(first.resource, first.limit),
        }
        return Fit(FitKind.OVER_LIMIT, Reason("Q7", _Q7, values), shortfalls=tuple(shortfalls))

    def available(self, owner: Owner, resource: Resource) -> int | None:
        """How much more of one of :attr:`resources` would fit; None where nothing limits it."""
        return bounded(max(0, self._path(owner)[0].available(resource)))

    def hold_back(self, over_budget: Mapping[Party, Reason]) -> None:
        """From now on, refuse what these parties ask, for these reasons; earlier ones are forgotten."""
        self._over_budget = dict(over_budget)

    def path(self, owner: Owner) -> tuple[Party, ...]:
        """Whose rows count for ``owner``: the user, its project, and the cohorts, from below."""
        return tuple(node.party for node in self._path(owner))

    def parties(self) -> tuple[Party, ...]:
        """Everyone who has a row or has used something; parents before children, each by name."""
        roots = sorted((node for node in self._nodes.values() if node.parent is None), key=by_path)
        return tuple(node.party for root in roots for node in everyone_in(root))

    def children(self, party: Party) -> tuple[Party, ...]:
        """Who is directly in ``party``, by name."""
        return tuple(child.party for child in sorted(self._node(party).children.values(), key=by_path))

    def parent(self, party: Party) -> Party | None:
        """What ``party`` is directly in."""
        above = self._node(party).parent
        return None if above is None else above.party

    def weight(self, party: Party) -> float:
        """How much it counts among its siblings."""
        return self._node(party).weight

    def used(self, party: Party, resource: Resource) -> int:
        """All that is used by ``party`` and who is in it."""
        return self._node(party).cells[resource].total

    def account(self, party: Party, resource: Resource) -> "Account":
        """The figures of one party for one of :attr:`resources`; one never heard of has its defaults."""
        node = self._node(party)
        account = node.cells[resource]
        governed = node.is_governed(resource)
        borrowed = max(0, account.used - account.subtree) if governed else 0
        return Account(
            party,
            resource,
            used=account.total,
            counted=account.used,
            own=bounded(account.own),
            nominal=bounded(account.subtree) if governed or account.ceiling is not None else None,
            borrowed=borrowed,
            lendable=max(0, account.subtree - account.local) if governed and node.parent is not None else 0,
            kept=account.local,
            limit=bounded(node.potential(resource)),
        )

    def share(self, party: Party) -> Share:
        """How far ``party`` is above what it is owed: the dominant resource share of Kueue's fair sharing.

        The largest, over resources, of what it uses above its nominal divided by all that its parent could
        give (``dominantResourceShare`` in ``pkg/cache/scheduler/fair_sharing.go``; Ghodsi et al., NSDI 2011).
        """
        return self._share(self._node(party))

    def borrowers(self, party: Party, resource: Resource) -> tuple[Borrower, ...]:
        """Who in ``party`` uses more of ``resource`` than owed, the one furthest above its share first."""
        return self._ordered(parties_above(self._node(party), resource), resource)

    def all_borrowers(self) -> tuple[Borrower, ...]:
        """Who uses more than owed in any hierarchy, and gives back once whoever is owed it asks."""
        tops = [party for party in self.parties() if self.parent(party) is None]
        return tuple(
            one for top in tops for resource in self.resources for one in self.borrowers(top, resource)
        )

    def lenders(self, party: Party, resource: Resource) -> tuple[tuple[Party, int], ...]:
        """Who directly in cohort ``party`` leaves how much of ``resource`` unused for others, by name.

        The cohort itself is among them for its own nominal.
        """
        node = self._node(party)
        unused = {child.party: child.cells[resource].unused for child in node.children.values()}
        unused[party] = node.cells[resource].own
        found = [(one, amount) for one, amount in unused.items() if amount > 0]
        return tuple(sorted(found, key=lambda pair: pair[0].path))

    def overdrawn(self) -> tuple[Borrower, ...]:
        """Who uses more than it may at all, as after a limit was lowered; by name, then resource."""
        found = []
        for party in self.parties():
            node = self._nodes[party]
            for resource, account in node.cells.items():
                ceiling = account.ceiling
                if ceiling is not None and account.used > ceiling:
                    found.append(
                        Borrower(party, resource, account.used - ceiling, self._share(node).weighted)
                    )
        return tuple(found)

    def with_rows(self, rows: QuotaRows) -> "QuotaTree":
        """Another tree with the same use under other rows, for a preview. Raises :class:`BadQuota`."""
        other = QuotaTree(rows)
        for owner, held in self._held.items():
            other.add(owner, _amounts(held))
        return other

    def held(self, owner: Owner) -> Amounts:
        """What ``owner`` uses, by the names of the models."""
        return _amounts(self._held.get(owner, {}))

    def owners(self) -> tuple[Owner, ...]:
        """Who uses something, in the order in which they first did."""
        return tuple(self._held)

    def _change(self, owner: Owner, amounts: Amounts, sign: int) -> None:
        path = self._path(owner)
        held = self._held.setdefault(owner, {})
        for name, amount in amounts:
            held[name] = held.get(name, 0) + sign * amount
            if not held[name]:
                del held[name]
        if not held:
            del self._held[owner]
        for resource, amount in self._by_resource(amounts).items():
            path[0].change(resource, sign * amount)

    def _by_resource(self, amounts: Amounts) -> dict[Resource, int]:
        counted: dict[Resource, int] = {}
        if amounts.cpu_milli:
            counted[CPU_MILLI] = amounts.cpu_milli
        if amounts.host_memory_mib:
            counted[HOST_MEMORY_MIB] = amounts.host_memory_mib
        for model, milli in amounts.devices_milli.items():
            for resource in self.counting(model):
                counted[resource] = counted.get(resource, 0) + milli
        return counted

    def _path(self, owner: Owner) -> "list[Node]":
        known = self._paths.get(owner)
        if known is not None:
            return known
        node: Node | None = self._node(user(owner.project, owner.user))
        path = self._paths[owner] = []
        while node is not None:
            path.append(node)
            node = node.parent
        return path

    def _node(self, party: Party) -> "Node":
        """The node of ``party``; one that has no rows gets those of every other project or user."""
        known = self._nodes.get(party)
        if known is not None:
            return known
        parent, model = self._place(party)
        above = None if parent is None else self._node(parent)
        quotas = self._plan.quotas.get(model, {})
        weight = self._plan.weights.get(model, 1.0)
        governed = above.governed if above is not None else self._plan.governed.get(model, frozenset())
        node = Node(party, above, weight, governed, {one: Cell() for one in self._plan.resources})
        for resource, account in node.cells.items():
            apply_row(account, quotas.get(resource), node, resource)
        self._nodes[party] = node
        if above is not None:
            above.children[party] = node
        return node

    def _place(self, party: Party) -> tuple[Party | None, Party]:
        """The parent of ``party``, and whose rows hold for it: its own, or those of every other."""
        if party.scope is Scope.COHORT:
            if party not in self._plan.parents:
                raise NotFound(f"there is no {party}", "Name one that a row of the quotas describes.")
            return self._plan.parents[party], party
        if party.scope is Scope.PROJECT:
            model = party if party in self._plan.parents else project(EVERY_OTHER)
            return self._plan.parents.get(model), model
        within = project(party.name)
        named = party.name if within in self._plan.parents else EVERY_OTHER
        candidates = [user(named, str(party.user)), user(named, EVERY_OTHER)]
        known = (one for one in candidates if one in self._plan.quotas or one in self._plan.weights)
        return within, next(known, party)

    def _reclaim(
        self, path: "list[Node]", steps: "list[Step]", owner: Owner, shortfalls: tuple[Shortfall, ...]
    ) -> Fit:
        found: list[Borrower] = []
        for step in steps:
            outside: list[Node] = []
            for at in range(step.first_entitled, step.last_blocked):
                node = path[at + 1]
                for party in node.above[step.resource] - {path[at].party}:
                    outside += parties_above(node.children[party], step.resource)
            found += self._ordered(outside, step.resource)
        owed = path[steps[0].first_entitled].party.path
        names = ", ".join(f"{one.party.path} ({shown(one.resource, one.borrowed)})" for one in found)
        reason = Reason("Q6", _Q6, {"who": owed, "borrowers": names, "project": owner.project})
        return Fit(FitKind.RECLAIM, reason, shortfalls=shortfalls, borrowers=tuple(found))

    def _ordered(self, nodes: "Iterable[Node]", resource: Resource) -> tuple[Borrower, ...]:
        found = [
            Borrower(
                node.party,
                resource,
                node.cells[resource].used - node.cells[resource].subtree,
                self._share(node).weighted,
            )
            for node in nodes
        ]
        return tuple(sorted(found, key=lambda one: (-one.share, one.party.path)))

    def _share(self, node: "Node") -> Share:
        if node.parent is None:
            return Share(0.0, None, node.weight)
        ratio, dominant = 0.0, None
        for resource in self._plan.resources:
            account = node.cells[resource]
            above = account.used - account.subtree
            if above <= 0 or not node.is_governed(resource):
                continue
            lendable = node.parent.potential(resource)
            share = above / lendable if lendable > 0 else 0.0
            if dominant is None or share > ratio:
                ratio, dominant = share, resource
        return Share(ratio, dominant, node.weight)


def _shortfall(step: Step) -> Shortfall:
    node = step.path[step.blocked[0]]
    account = node.cells[step.resource]
    nearest = max(0, step.path[0].available(step.resource))
    return Shortfall(node.party, step.resource, step.asked, account.used, account.ceiling or 0, nearest)


def _refusal(step: Step, owner: Owner) -> Reason:
    short = _shortfall(step)
    values: dict[str, Value] = {
        "who": short.party.path,
        "owner": owner.project,
        "resource": short.resource,
        "asked": short.asked,
        "limit": shown(short.resource, short.limit),
        "used": shown(short.resource, short.used),
        "nearest": shown(short.resource, short.nearest),
    }
    if step.kind is FitKind.EXHAUSTED:
        return Reason("Q5", _Q5, values)
    return Reason("Q4", _Q4[short.party.scope], values)


def _amounts(held: Mapping[str | None, int]) -> Amounts:
    devices = {name: amount for name, amount in held.items() if name not in {CPU_MILLI, HOST_MEMORY_MIB}}
    return Amounts(devices, held.get(CPU_MILLI, 0), held.get(HOST_MEMORY_MIB, 0))
