"""Who makes room: a smallest set of running jobs whose end lets a waiting one start.

The search follows Kueue's: candidates in a fixed order are counted as gone until the job fits, then added
back in reverse as long as it still does. Who may be asked to make room, by rule:

- **P1** A job of a project that borrows, for a project within its own nominal quota.
- **P2** A job of lower priority, in the same project.
- **P3** A job of the same project and priority that the order puts behind, by what it was served.

Never: a job that is not preemptible, that started less than ``min_runtime_s`` ago, that was stopped less than
``cool_down_s`` before it started or ``most_evictions`` times already, that made room for the same job before,
that is stopping already, or whose devices are reserved for others than the job.

The order of candidates, the first to go first:

1. jobs of other projects (P1) before jobs of the own one;
2. the project with the largest share above its fair share;
3. the lowest priority;
4. the one that started last, which has the least to lose;
5. the largest id, so that the same state gives the same answer.

On one node the search is made for each node, and the node wins whose victims have the lowest highest
priority, then are the fewest, then lose the least device time.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from resources.gpu.placement.model import Placement, Span
from resources.gpu.policy.footings import Footings
from resources.gpu.policy.model import Job, JobId, Running
from resources.gpu.policy.order import worth_preempting
from resources.gpu.policy.quotas_of_pass import QuotasOfPass
from resources.gpu.policy.state import State, stands_on

NODES_TRIED = 64
"""On how many nodes victims are searched for one job; the most promising first."""


@dataclass(frozen=True)
class Room:
    """Victims, and where the job stands once they are gone."""

    victims: tuple[Running, ...]
    placement: Placement
    rule: str


class Search:
    """One search for one job. ``fits`` says whether the job fits now, and where, on the given nodes.

    ``preemptible`` are the running jobs that can stop, by project.
    """

    def __init__(
        self,
        state: State,
        job: Job,
        now_s: float,
        *,
        footings: Footings,
        preemptible: Mapping[str, Sequence[Running]],
        stopping: Container[JobId],
        borrowers: Sequence[str],
        fits: Callable[[frozenset[int] | None], Placement | None],
        quotas: QuotasOfPass,
        short_of_quota: bool,
        allowed: frozenset[int] | None = None,
        reserved: frozenset[tuple[int, int]] = frozenset(),
        already: Sequence[Running] = (),
    ) -> None:
        self._state = state
        self._job = job
        self._now_s = now_s
        self._footings = footings
        self._preemptible = preemptible
        self._stopping = stopping
        self._borrowers = {project: rank for rank, project in enumerate(borrowers)}
        self._fits = fits
        self._quotas = quotas
        self._short_of_quota = short_of_quota
        self._allowed = allowed
        self._reserved = reserved
        self._already = already

    def run(self) -> Room | None:
        """The victims, or None where nobody may be asked whose end would help.

        Those who make room for the job already, and in vain since a device that was kept for it is lost, are
        victims before any other.
        """
        mark = self._state.cluster.mark()
        gone: list[Running] = []
        self._go(self._already, gone)
        try:
            if gone and (placement := self._fits(self._allowed)) is not None:
                return self._room(gone, placement)
            room = self._find()
            return None if room is None else replace(room, victims=(*gone, *room.victims))
        finally:
            self._come_back(gone, keep=0)
            self._state.cluster.rollback(mark)

    def _find(self) -> Room | None:
        candidates = self._candidates()
        if not candidates:
            return None
        if self._job.span is Span.NODES and self._job.shape.devices > 1:
            return self._over_nodes(candidates)
        return self._on_one_node(candidates)

    def _candidates(self) -> list[Running]:
        found = [
            one
            for project in {self._job.project, *self._borrowers}
            for one in self._preemptible.get(project, ())
            if self._may_go(one) and self._rule(one)
        ]
        found.sort(key=self._order)
        others = [one for one in found if one.job.project != self._job.project]
        own = [one for one in found if one.job.project == self._job.project]
        if not others:
            return own
        return [*self._quotas.reclaimable(others, self._stopping), *own]

    def _may_go(self, running: Running) -> bool:
        job, settings = running.job, self._state.settings
        if (
            not running.placement
            or not job.preemptible
            or job.id in self._stopping
            or job.evictions >= settings.most_evictions
            or self._job.id in job.made_room_for
            or stands_on(running.placement, self._reserved)
        ):
            return False
        if self._now_s - running.started_at_s < settings.min_runtime_s:
            return False
        since_s = job.evicted_at_s
        return since_s is None or self._now_s - since_s >= settings.cool_down_s

    def _rule(self, running: Running) -> str | None:
        if running.job.project != self._job.project:
            return "P1" if running.job.project in self._borrowers else None
        if running.job.priority != self._job.priority:
            return "P2" if running.job.priority < self._job.priority else None
        victim, waiting = self._footings.of_running(running), self._footings.of_waiting(self._job)
        return "P3" if worth_preempting(victim, waiting) else None

    def _order(self, running: Running) -> tuple[object, ...]:
        own = running.job.project == self._job.project
        rank = self._borrowers.get(running.job.project, len(self._borrowers))
        # Ids sort the other way round by negated code points.
        tie = tuple(-ord(letter) for letter in running.job.id)
        return own, rank, running.job.priority, -running.started_at_s, tie

    def _on_one_node(self, candidates: list[Running]) -> Room | None:
        by_node: dict[int, list[Running]] = {}
        for one in candidates:
            for slot in one.placement:
                by_node.setdefault(slot.node, []).append(one)
        best: tuple[tuple[float, ...], Room] | None = None
        if self._short_of_quota and (room := self._search(candidates, self._allowed)) is not None:
            best = self._cost(room.victims, -1), room  # devices may be free where no victim stands
        for node in self._promising(by_node):
            room = self._search(by_node[node], frozenset((node,)))
            if room is None:
                continue
            cost = self._cost(room.victims, node)
            if best is None or cost < best[0]:
                best = cost, room
        return None if best is None else best[1]

    def _promising(self, by_node: dict[int, list[Running]]) -> list[int]:
        shape = self._job.shape
        enough: list[tuple[int, int]] = []
        for node, there in by_node.items():
            if self._allowed is not None and node not in self._allowed:
                continue
            if _milli_on(node, there) + self._state.cluster.open_milli(node) >= shape.devices * shape.milli:
                enough.append((min(one.job.priority for one in there), node))
        return [node for _, node in sorted(enough)[:NODES_TRIED]]

    def _over_nodes(self, candidates: list[Running]) -> Room | None:
        return self._search(candidates, self._allowed)

    def _search(self, candidates: Sequence[Running], nodes: frozenset[int] | None) -> Room | None:
        """The shortest beginning of ``candidates`` that is enough, by halving; then added back in reverse."""
        mark = self._state.cluster.mark()
        gone: list[Running] = []
        try:
            self._go(candidates, gone)
            if self._fits(nodes) is None:
                return None
            shortest = self._shortest(candidates, gone, nodes)
            self._come_back(gone, keep=shortest)
            for one in list(reversed(gone)):
                self._come_back_one(gone, one)
                if self._fits(nodes) is None:
                    self._go([one], gone)
            placement = self._fits(nodes)
            if placement is None:
                return None
            return self._room(gone, placement)
        finally:
            self._come_back(gone, keep=0)
            self._state.cluster.rollback(mark)

    def _room(self, gone: Sequence[Running], placement: Placement) -> Room:
        rules = sorted(rule for one in gone if (rule := self._rule(one)) is not None)
        return Room(tuple(gone), placement, rules[0] if rules else "P2")

    def _shortest(
        self, candidates: Sequence[Running], gone: list[Running], nodes: frozenset[int] | None
    ) -> int:
        low, high = 1, len(candidates)
        while low < high:
            middle = (low + high) // 2
            self._come_back(gone, keep=middle)
            self._go(candidates[len(gone) : middle], gone)
            if self._fits(nodes) is None:
                low = middle + 1
            else:
                high = middle
        self._go(candidates[len(gone) : low], gone)
        return low

    def _go(self, leaving: Iterable[Running], gone: list[Running]) -> None:
        for one in leaving:
            self._state.cluster.give_back(one.job.shape, one.placement)
            self._quotas.take_out(one)
            gone.append(one)

    def _come_back(self, gone: list[Running], *, keep: int) -> None:
        while len(gone) > keep:
            self._come_back_one(gone, gone[-1])

    def _come_back_one(self, gone: list[Running], one: Running) -> None:
        gone.remove(one)
        self._state.cluster.take(one.job.shape, one.placement)
        self._quotas.put_back(one)

    def _cost(self, victims: Sequence[Running], node: int) -> tuple[float, ...]:
        lost_s = sum((self._now_s - one.started_at_s) * one.job.units_milli for one in victims)
        return max(one.job.priority for one in victims), len(victims), lost_s, node


def _milli_on(node: int, running: Iterable[Running]) -> int:
    return sum(
        one.job.shape.milli * len(slot.devices)
        for one in running
        for slot in one.placement
        if slot.node == node
    )
