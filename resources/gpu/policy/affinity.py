"""Where jobs stand: which nodes an affinity and the launchers of runs allow, and who holds what."""

from collections.abc import Mapping
from itertools import islice

from resources.gpu.placement.model import Placement, Shape
from resources.gpu.policy.model import Affinity, Job, JobId
from resources.gpu.policy.reasons import called
from resources.gpu.policy.state import State

Where = tuple[frozenset[str | None], frozenset[int] | None]
"""Models of devices, and the nodes on which they are; None: all nodes."""
HOLDERS_NAMED = 5
"""How many runs a reason names before it counts the others."""


class Standing:
    """Where groups of jobs stand in one pass."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._open: frozenset[int] | None = None
        """The nodes on which runs are started; None for all."""
        if state.closed:
            self._open = frozenset(range(len(state.cluster.nodes))) - state.closed
        self._by_labels: dict[frozenset[tuple[str, str]], frozenset[int]] = {}
        self._groups: dict[str, set[int]] = {}
        self._masks: dict[frozenset[int], list[bool]] = {}
        self._holders: dict[Where, str] = {}
        self._before: dict[Where, tuple[list[str], int]] = {}
        """Who held devices before this pass: the first of them, and how many."""
        self._granted: dict[JobId, tuple[Job, Placement]] = {}
        self._of_models: dict[str | None, dict[JobId, int]] = {}
        """Who was granted devices of each model in this pass, with its number in the order of grants."""
        if any(not job.affinity.is_free for job in state.waiting.values()):  # else nobody asks
            for one in state.running.values():
                self._add_to_group(one.job, one.placement)

    def add(self, job: Job, placement: Placement) -> None:
        """A job is granted that place."""
        self._add_to_group(job, placement)
        self._granted[job.id] = job, placement
        for model in self._state.amounts(job, placement).devices_milli:
            self._of_models.setdefault(model, {})[job.id] = len(self._granted)
        self._holders.clear()

    def _add_to_group(self, job: Job, placement: Placement) -> None:
        if job.group:
            self._groups.setdefault(job.group, set()).update(slot.node for slot in placement)

    def allowed(self, job: Job) -> frozenset[int] | None:
        """The nodes on which a job may stand; None for any."""
        nodes, where_started = self.fitting(job), self.open_to(job)
        if nodes is None or where_started is None:
            return where_started if nodes is None else nodes
        return nodes & where_started

    def open_to(self, job: Job) -> frozenset[int] | None:
        """The nodes on which a job can be started; None for any."""
        return self._open if job.needs_launcher else None

    def first(self, job: Job) -> frozenset[int] | None:
        """The nodes that a job takes if it can, of those on which it may stand; None where all are alike.

        A lease without a run is for somebody who sits before this machine.
        """
        return None if job.needs_launcher else self._open

    def fitting(self, job: Job) -> frozenset[int] | None:
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
        if nodes not in self._masks:
            self._masks[nodes] = [node in nodes for node in range(len(self._state.cluster.nodes))]
        return self._masks[nodes]

    def holders(self, shape: Shape, nodes: frozenset[int] | None = None) -> str:
        """The runs that hold devices of the kind asked for; with ``nodes``, those there."""
        models = self._state.cluster.models_for(shape)
        if (models, nodes) not in self._holders:
            self._holders[models, nodes] = self._named(models, nodes)
        return self._holders[models, nodes]

    def _named(self, models: frozenset[str | None], nodes: frozenset[int] | None) -> str:
        """Those who had them before this pass, the first to have got them first, then those of this pass."""
        if (models, nodes) not in self._before:
            self._before[models, nodes] = self._first_of(self._state.holders, models, nodes)
        before, held = self._before[models, nodes]
        since, granted = self._first_of(self._of_models, models, nodes)
        named = [*before, *since][:HOLDERS_NAMED]
        others = held + granted - len(named)
        return "; ".join(named) + (f" and {others} more" if others else "")

    def _first_of(
        self,
        holders: Mapping[str | None, Mapping[JobId, int]],
        models: frozenset[str | None],
        nodes: frozenset[int] | None,
    ) -> tuple[list[str], int]:
        of_models = [held for model in models if (held := holders.get(model))]
        if nodes is not None:
            of_models = [
                {job: at for job, at in held.items() if self._is_on(job, nodes)} for held in of_models
            ]
        first = {job: at for held in of_models for job, at in islice(held.items(), HOLDERS_NAMED)}
        # One may hold devices of several models.
        number = len(set().union(*of_models)) if len(of_models) > 1 else sum(map(len, of_models))
        return [self._holder(job) for job in sorted(first, key=first.__getitem__)][:HOLDERS_NAMED], number

    def _is_on(self, job_id: JobId, nodes: frozenset[int]) -> bool:
        return any(slot.node in nodes for slot in self._where(job_id)[1])

    def _where(self, job_id: JobId) -> tuple[Job, Placement]:
        running = self._state.running.get(job_id)
        return self._granted[job_id] if running is None else (running.job, running.placement)

    def _holder(self, job_id: JobId) -> str:
        job, placement = self._where(job_id)
        devices = ", ".join(self._state.name_of(slot.node, at) for slot in placement for at in slot.devices)
        return f"{called(job.id)} of {job.project} ({devices})"

    def _labelled(self, affinity: Affinity) -> frozenset[int]:
        if affinity.labels not in self._by_labels:
            labels = self._state.labels
            self._by_labels[affinity.labels] = frozenset(
                node
                for node in range(len(self._state.cluster.nodes))
                if affinity.labels <= (labels[node].items() if node < len(labels) else frozenset())
            )
        return self._by_labels[affinity.labels]
