"""Whose turn it is: weighted dominant-resource fair share, now and over the past.

Rules, as docs/gpu-policy.md explains them. Siblings are compared: cohorts first, then the projects in one.
Inside a project the order decides (:mod:`resources.gpu.policy.order`).

- **S1** Who uses no more than it is owed comes before who borrows.
- **S2** Of two that are alike in S1, the one with the lower standing comes first: ``((1 - A) * past + A *
  now) / weight``. *now* is the dominant share (Ghodsi et al., NSDI 2011): of those within what they are owed,
  what is used of the capacity; of those that borrow, what is used above that of what could be lent (Kueue's
  fair sharing). *past* is the decayed average of the dominant share of the capacity. The sum of both is the
  one of Kueue's admission fair sharing, where A is how much one interval counts.
- **S3** Else the name decides, so that the same state always gives the same order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from resources.gpu.model import Owner
from resources.gpu.policy.amounts import ANY_DEVICE, CPU_MILLI, HOST_MEMORY_MIB, Resource
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import Party

NOW_COUNTS = 0.5
"""A: how much the present counts against the past; at 0.5 an interval of one half-life."""
Turn = tuple[tuple[bool, float, str], ...]
"""By which projects take turns: the smallest goes first."""


@dataclass(frozen=True)
class Standing:
    """How one party stands among its siblings."""

    party: Party
    borrows: bool
    now: float
    """Its dominant share, not weighted."""
    past: float
    """The decayed average of its dominant share of the capacity, not weighted."""
    weight: float = 1.0

    @property
    def combined(self) -> float:
        """The figure of rule S2; the lower it is, the sooner it is its turn. Infinite for the weight 0."""
        mixed = (1 - NOW_COUNTS) * self.past + NOW_COUNTS * self.now
        if self.weight:
            return mixed / self.weight
        return float("inf") if mixed else 0.0

    @property
    def key(self) -> tuple[bool, float, str]:
        """By which siblings sort."""
        return self.borrows, self.combined, self.party.path


def dominant_share(used: Mapping[Resource, float], capacity: Mapping[Resource, int]) -> float:
    """The largest part of a capacity that is used; a resource that nobody has plays no part."""
    return max(
        (amount / capacity[one] for one, amount in used.items() if capacity.get(one, 0) > 0), default=0.0
    )


def turn(
    tree: QuotaTree, owner: Owner, capacity: Mapping[Resource, int], past: Callable[[Party], float]
) -> Turn:
    """When it is the turn of ``owner``'s project, by rules S1 to S3: level by level from the topmost down.

    ``capacity`` is what the machine has; ``past`` gives a party's decayed average share of it, such as
    ``DecayedUsage.level``.
    """
    above = tree.path(owner)[:0:-1]  # from the topmost to the project; not the user
    return tuple(standing(tree, party, capacity, past(party)).key for party in above)


def standing(tree: QuotaTree, party: Party, capacity: Mapping[Resource, int], past: float) -> Standing:
    """How one party stands, with ``past`` its average share of what there is."""
    share = tree.share(party)
    now = share.above if share.borrows else use_rate(tree, party, capacity)
    return Standing(party, share.borrows, now, past, share.weight)


def use_rate(tree: QuotaTree, party: Party, capacity: Mapping[Resource, int]) -> float:
    """The dominant share of the capacity that a party uses now: the rate at which its past accrues."""
    return dominant_share({one: tree.used(party, one) for one in _COUNTED}, capacity)


_COUNTED = (ANY_DEVICE, CPU_MILLI, HOST_MEMORY_MIB)
