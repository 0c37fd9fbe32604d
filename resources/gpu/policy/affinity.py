"""Where jobs stand: which nodes an affinity allows, and who holds what."""

from resources.gpu.placement.model import Placement, Shape
from resources.gpu.policy.model import Affinity, Job
from resources.gpu.policy.reasons import called
from resources.gpu.policy.state import State

HOLDERS_NAMED = 5
"""How many runs a reason names before it counts the others."""


class Standing:
    """Where groups of jobs stand in one pass."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._by_labels: dict[frozenset[tuple[str, str]], frozenset[int]] = {}
        self._groups: dict[str, set[int]] = {}
        for one in state.running.values():
            self.add(one.job, one.placement)

    def add(self, job: Job, placement: Placement) -> None:
        """A job stands there from now on."""
        if job.group:
            self._groups.setdefault(job.group, set()).update(slot.node for slot in placement)

    def allowed(self, job: Job) -> frozenset[int] | None:
        """The nodes that a job's affinity allows; None for any."""
        affinity = job.affinity
        if affinity.is_free:
            return None
        nodes = self._labelled(affinity)
        if affinity.near is not None and self._groups.get(affinity.near):
            nodes &= self._groups[affinity.near]
        if affinity.apart is not None:
            nodes -= self._groups.get(affinity.apart, set())
        return nodes

    def mask(self, nodes: frozenset[int]) -> list[bool]:
        """The same nodes in the form in which the cluster wants them."""
        return [node in nodes for node in range(len(self._state.cluster.nodes))]

    def holders(self, shape: Shape) -> str:
        """The runs that hold devices of the kind asked for."""
        models = self._state.cluster.models_for(shape)
        named: list[str] = []
        others = 0
        for one in self._state.running.values():
            amounts = self._state.amounts(one.job, one.placement)
            if models.isdisjoint(amounts.devices_milli):
                continue
            if len(named) == HOLDERS_NAMED:
                others += 1
                continue
            devices = ", ".join(
                self._state.name_of(slot.node, at) for slot in one.placement for at in slot.devices
            )
            named.append(f"{called(one.job.id)} of {one.job.project} ({devices})")
        return "; ".join(named) + (f" and {others} more" if others else "")

    def _labelled(self, affinity: Affinity) -> frozenset[int]:
        if affinity.labels not in self._by_labels:
            labels = self._state.labels
            self._by_labels[affinity.labels] = frozenset(
                node
                for node in range(len(self._state.cluster.nodes))
                if affinity.labels <= (labels[node].items() if node < len(labels) else frozenset())
            )
        return self._by_labels[affinity.labels]
