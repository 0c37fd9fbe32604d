"""The decision: who gets devices now, who makes room, and why the others wait.

Pure: the state and the time in, decisions out; the state is left as it was. Rules, in the order in which they
apply to a job:

- **A1** It asks for nothing, and is granted at once.
- **A2** Its devices are free and within its project's quota.
- **A3** Its devices are free, and its project borrows quota that others do not use.
- **A4** Those that made room for it are gone, and it gets the devices kept for it.
- **A5** It stands within an advance reservation.
- **P1, P2, P3** Others make room for it (see :mod:`resources.gpu.policy.victims`).
- **P4** An advance reservation begins, and what stands on its devices makes room.
- **P5** A device is drained, and what stands on it makes room at once.
- **D1** Others move elsewhere, so that it has a place in one piece (see :mod:`resources.gpu.policy.moving`).
- **W1** Its devices are in use.
- **W3** What is free is kept for somebody before it.
- **W4** Others are making room for it.
- **W5** The cluster has fewer matching devices than it asks for, as after the loss or the drain of one.
- **W6** Enough is free in all, and nowhere in one piece.
- **W7** Enough devices are free, and no node has the CPUs or the memory beside them.
- **W8** No node that is free fits its affinity.
- **W9** It is a run, and only nodes on which nobody starts runs have room for it.
- **Q…, B…** Its quota is used up, or its budget (see :mod:`resources.gpu.policy.quota`).

Projects take turns: next is the one with the smallest fair share among those within their nominal quota, then
among those that borrow. Inside a project the highest priority comes first, then the order of
:mod:`resources.gpu.policy.order`.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from heapq import heapify, heappop, heappush

from resources.gpu.placement.model import Misfit, Placement, Shape, Span
from resources.gpu.policy.affinity import Standing
from resources.gpu.policy.footings import Footings
from resources.gpu.policy.keeping import Expected, expected_place
from resources.gpu.policy.model import Decision, Grant, Hold, Job, JobId, Preempt, Reservation, Running, Wait
from resources.gpu.policy.moving import Moving
from resources.gpu.policy.order import in_order, is_owed
from resources.gpu.policy.overlay import Overlay
from resources.gpu.policy.quotas_of_pass import Permission, QuotasOfPass, Turn
from resources.gpu.policy.reason import Reason
from resources.gpu.policy.reasons import asked, called, granted, misfit, reason, runs
from resources.gpu.policy.state import State
from resources.gpu.policy.victims import Room, Search
from resources.gpu.policy.views import view_of_running, view_of_waiting

Key = tuple[object, ...]


def decide(state: State, now_s: float) -> list[Decision]:
    """One pass: a decision for each waiting job, and the preemptions that make room for some of them."""
    mark = state.cluster.mark()
    quotas = QuotasOfPass(state)
    try:
        return _Pass(state, quotas, now_s).run()
    finally:
        quotas.undo()
        state.cluster.rollback(mark)


class _Pass:
    def __init__(self, state: State, quotas: QuotasOfPass, now_s: float) -> None:
        self._state = state
        self._quotas = quotas
        self._now_s = now_s
        self._overlay = Overlay(state.cluster)
        self._standing = Standing(state)
        self._decisions: list[Decision] = []
        self._going_for: dict[JobId, list[Running]] = {}
        for one in state.running.values():
            if one.stopping_for is not None:
                self._going_for.setdefault(one.stopping_for, []).append(one)
        self._unlike: frozenset[str] = frozenset(self._going_for).union(
            *(one.job.made_room_for for one in state.running.values() if one.job.made_room_for)
        )
        """Jobs that fare otherwise than those that ask for the same."""
        self._stopping = {one.job.id for going in self._going_for.values() for one in going}
        self._refused: dict[Key, Wait] = {}
        self._without_room: set[Key] = set()
        self._kept: dict[str, tuple[frozenset[str | None], float | None]] = {}
        """For whom what is free is kept: models, and when it is expected to start."""
        self._moving = Moving(state, now_s)
        self._footings = Footings(state, now_s)
        self._misfits: dict[tuple[Shape, Span, bool, int], Misfit] = {}

    def run(self) -> list[Decision]:
        held = self._lay_holds()
        self._lay_reservations()
        self._clear_drained()
        for job in self._in_turn(held):
            self._decide_one(job)
        return self._decisions

    def _lay_holds(self) -> set[JobId]:
        """Keep what is kept, and grant what is free of it by now. Returns the jobs that have a hold."""
        held: set[JobId] = set()
        ready: list[tuple[Job, Hold]] = []
        for hold in self._state.holds.values():
            victims = self._state.victims_of(hold)
            job = self._state.waiting.get(hold.job)
            if job is not None and not victims:
                ready.append((job, hold))
            elif self._overlay.hold(hold, victims):
                held.add(hold.job)
                if job is not None:
                    self._quotas.exchange(job, hold.placement, victims)
                    self._decisions.append(Wait(job.id, reason("W4", asked=asked(job), runs=runs(victims))))
        for job, hold in ready:
            if not self._state.cluster.fits(hold.shape, hold.placement) or not self._suits(job, hold):
                continue  # a device of it is gone, or its affinity speaks against it by now
            if not self._quotas.allows(job, hold.placement):
                continue  # the quotas were set anew since, or its budget is used up
            held.add(job.id)
            if not self._quotas.is_over(job, hold.placement):
                self._grant(job, hold.placement, reason("A4", asked=asked(job)))
                continue
            # What others free counts against the quota until they are gone.
            self._overlay.hold(hold, ())
            self._quotas.exchange(job, hold.placement, ())
            going = self._quotas.going
            self._decisions.append(Wait(job.id, reason("W4", asked=asked(job), runs=runs(going))))
        return held

    def _suits(self, job: Job, hold: Hold) -> bool:
        allowed = self._standing.allowed(job)
        return allowed is None or all(slot.node in allowed for slot in hold.placement)

    def _lay_reservations(self) -> None:
        for one in sorted(self._state.reservations.values(), key=lambda one: (one.starts_at_s, one.id)):
            if one.ends_at_s <= self._now_s:
                continue
            self._overlay.block(one.holder, one.shape, one.placement)
            if one.starts_at_s <= self._now_s:
                self._clear(one)

    def _clear(self, reservation: Reservation) -> None:
        """P4. Jobs of others that stand on a reservation's devices make room when it begins."""
        covered = frozenset((slot.node, device) for slot in reservation.placement for device in slot.devices)
        victims = [one for one in self._preemptible_on(covered) if not reservation.is_for(one.job)]
        if victims:
            why = reason("P4", reservation=reservation.id, runs=runs(victims))
            self._stop(reservation.holder, victims, reservation.placement, why)

    def _clear_drained(self) -> None:
        """P5. What can stop and stands on devices that are drained at once makes room."""
        for drain in self._state.draining:
            victims = self._preemptible_on(drain.places)
            if victims:
                self._stop(drain.holder, victims, (), reason("P5", target=drain.target, runs=runs(victims)))

    def _preemptible_on(self, places: frozenset[tuple[int, int]]) -> list[Running]:
        return [
            one
            for one in self._state.running.values()
            if one.job.preemptible
            and one.job.id not in self._stopping
            and any((slot.node, device) in places for slot in one.placement for device in slot.devices)
        ]

    def _stop(self, whom: JobId, victims: list[Running], placement: Placement, why: Reason) -> None:
        ids = tuple(one.job.id for one in victims)
        self._stopping.update(ids)
        self._decisions.append(Preempt(whom, ids, placement, why))

    def _in_turn(self, held: set[JobId]) -> Iterator[Job]:
        lines: dict[str, list[Job]] = {}
        for job in self._state.waiting.values():
            if job.id not in held:
                lines.setdefault(job.project, []).append(job)
        for project, line in lines.items():
            lines[project] = self._in_order(project, line)
        turns = [(*self._turn(line[-1]), project) for project, line in lines.items()]
        heapify(turns)
        while turns:
            turn, asked_in, project = heappop(turns)
            if asked_in != self._quotas.changes:  # something was granted since it was put in
                now, asked_in = self._turn(lines[project][-1])
                if turn < now:
                    heappush(turns, (now, asked_in, project))
                    continue
            yield lines[project].pop()
            if lines[project]:
                heappush(turns, (*self._turn(lines[project][-1]), project))

    def _in_order(self, project: str, waiting: list[Job]) -> list[Job]:
        """The jobs of one project, the first to go last."""
        jobs = {job.id: job for job in waiting}
        views = [view_of_waiting(job) for job in waiting]
        if any(is_owed(view, self._now_s, self._state.order) for view in views):
            # Among those that are owed time, who runs goes before who waits; else they are of no account.
            running = (one for one in self._state.running.values() if one.job.project == project)
            views += [view_of_running(one, self._now_s) for one in running]
        ordered = in_order(
            views,
            self._now_s,
            self._state.history,
            self._state.order,
            capacity_milli=self._state.devices_milli,
        )
        return [jobs[JobId(view.id)] for view in reversed(ordered) if not view.running]

    def _turn(self, job: Job) -> tuple[Turn, int]:
        """When it is its turn, and as of which change of use."""
        return self._quotas.turn(job, self._now_s), self._quotas.changes

    def _decide_one(self, job: Job) -> None:
        if not job.shape.devices and not job.shape.cpu_milli and not job.shape.host_memory_mib:
            self._grant(job, (), reason("A1"))
            return
        key = self._key(job)
        if (known := self._refused.get(key)) is not None:
            self._decisions.append(replace(known, job=job.id))
            return
        permission = self._quotas.permission(job)
        for models, rule in permission.choices:
            if self._place(job, models, rule, permission):
                return
        if not permission.is_coming and self._make_room(job, permission):
            return
        self._wait(job, key, permission)

    def _place(self, job: Job, models: frozenset[str] | None, rule: str, permission: Permission) -> bool:
        names = self._may_lift(job)
        with self._overlay.lifted(names):
            placement, reservation = self._find_with_reservations(job, models)
            if placement is None:
                return False
            why = (
                reason("A5", asked=asked(job), reservation=reservation)
                if reservation is not None
                else granted(rule, job, is_limited=permission.reason.rule != "Q1")
            )
            self._grant(job, placement, why, reservation)
        return True

    def _find_with_reservations(
        self, job: Job, models: frozenset[str] | None
    ) -> tuple[Placement | None, str | None]:
        for one in self._state.reservations.values():
            if one.is_for(job) and one.starts_at_s <= self._now_s < one.ends_at_s:
                nodes = frozenset(slot.node for slot in one.placement)
                placement = self._find(job, models, nodes)
                if placement is not None and _within(placement, one.placement):
                    return placement, one.id
        return self._find(job, models, None), None

    def _find(
        self, job: Job, models: frozenset[str] | None, nodes: frozenset[int] | None
    ) -> Placement | None:
        shape = job.shape if models is None else replace(job.shape, models=models)
        allowed = self._standing.allowed(job)
        if nodes is not None:
            allowed = nodes if allowed is None else allowed & nodes
        first = self._standing.first(job)
        if first is not None:
            here = first if allowed is None else first & allowed
            placement = self._state.cluster.find(shape, job.span, allowed=self._standing.mask(here))
            if placement is not None:
                return placement
        mask = None if allowed is None else self._standing.mask(allowed)
        return self._state.cluster.find(shape, job.span, allowed=mask)

    def _may_lift(self, job: Job) -> list[str]:
        """What is kept for others and it may use: its own reservations, and what begins after its end."""
        ends_at_s = None if job.max_runtime_s is None else self._now_s + job.max_runtime_s
        names: list[str] = []
        for one in self._state.reservations.values():
            before = self._now_s < one.starts_at_s
            if ends_at_s is None:
                in_time = self._now_s + self._state.settings.reserve_ahead_s <= one.starts_at_s
            else:
                in_time = ends_at_s <= one.starts_at_s
            if (before and (job.preemptible or in_time)) or (one.is_for(job) and not before):
                names.append(one.holder)
        for name, (_, starts_at_s) in self._kept.items():
            if starts_at_s is not None and ends_at_s is not None and ends_at_s <= starts_at_s:
                names.append(name)
        return names

    def _reserved_for_others(self, job: Job) -> frozenset[tuple[int, int]]:
        """Devices of reservations that ``job`` may not use: whoever leaves them leaves them to these."""
        if not self._state.reservations:
            return frozenset()
        mine = self._may_lift(job)
        return frozenset(
            (slot.node, device)
            for one in self._state.reservations.values()
            if one.ends_at_s > self._now_s and one.holder not in mine
            for slot in one.placement
            for device in slot.devices
        )

    def _grant(self, job: Job, placement: Placement, why: Reason, reservation: str | None = None) -> None:
        if placement:
            self._state.cluster.take(job.shape, placement)
        self._quotas.add(job, placement)
        self._standing.add(job, placement)
        self._decisions.append(Grant(job.id, placement, why, reservation))

    def _make_room(self, job: Job, permission: Permission) -> bool:
        key = self._key(job)
        if key in self._without_room:
            return False

        def fits(nodes: frozenset[int] | None) -> Placement | None:
            for models, _ in self._quotas.permission(job, planned=True).choices:
                placement = self._find(job, models, nodes)
                if placement is not None:
                    return placement
            return None

        room = Search(
            self._state,
            job,
            self._now_s,
            footings=self._footings,
            preemptible=self._preemptible,
            stopping=self._stopping,
            borrowers=permission.borrowers if permission.within_nominal else (),
            fits=fits,
            quotas=self._quotas,
            short_of_quota=not permission.choices,
            allowed=self._standing.allowed(job),
            reserved=self._reserved_for_others(job),
            already=self._going_for.get(job.id, ()),
        ).run()
        if room is not None:
            self._preempt(job, room)
            return True
        if permission.choices and self._move_others(job, permission):
            return True
        self._without_room.add(key)
        return False

    @cached_property
    def _preemptible(self) -> dict[str, list[Running]]:
        """Running jobs that can stop, by project."""
        found: dict[str, list[Running]] = {}
        for one in self._state.running.values():
            if one.job.preemptible:
                found.setdefault(one.job.project, []).append(one)
        return found

    def _preempt(self, job: Job, room: Room) -> None:
        victims = list(room.victims)
        who = runs(victims)
        if room.rule == "P1":
            others = ", ".join(sorted({one.job.project for one in victims} - {job.project}))
            why = reason("P1", project=job.project, asked=asked(job), others=others, runs=who)
        elif room.rule == "P2":
            why = reason("P2", priority=job.priority, project=job.project, runs=who)
        else:
            why = reason("P3", runs=who)
        self._hold(job, room.placement, victims, why)

    def _hold(self, job: Job, placement: Placement, victims: list[Running], why: Reason) -> None:
        ids = tuple(one.job.id for one in victims)
        self._stopping.update(ids)
        self._overlay.hold(Hold(job.id, job.shape, placement, frozenset(ids), self._now_s), victims)
        self._quotas.exchange(job, placement, victims)
        self._decisions.append(Preempt(job.id, ids, placement, why))

    def _move_others(self, job: Job, permission: Permission) -> bool:
        if job.span is Span.NODES or self._moving.left < 1:
            return False
        models = permission.choices[-1][0]
        there = self._reserved_for_others(job)
        plan = self._moving.plan(job, self._stopping, lambda nodes: self._find(job, models, nodes), there)
        if plan is None:
            return False
        why = reason("D1", asked=asked(job), runs=runs(list(plan.moved)))
        self._hold(job, plan.placement, list(plan.moved), why)
        for move in plan.moves(job, why):
            moved = self._state.running[move.job].job
            self._overlay.hold(Hold(move.job, moved.shape, move.placement, frozenset(), self._now_s), ())
            self._decisions.append(move)
        return True

    def _wait(self, job: Job, key: Key, permission: Permission) -> None:
        if not permission.choices:
            wait = Wait(job.id, permission.reason)
        else:
            models = permission.choices[-1][0]
            shape = job.shape if models is None else replace(job.shape, models=models)
            why = self._why(job, shape)
            expected = self._keep(job, shape)
            wait = Wait(job.id, why)
            if expected is not None:
                self._decisions.append(Wait(job.id, why, expected.placement, expected.starts_at_s))
                self._refused[key] = wait
                return
        self._refused[key] = wait
        self._decisions.append(wait)

    def _why(self, job: Job, shape: Shape) -> Reason:
        cluster = self._state.cluster
        if self._standing.allowed(job) is not None and cluster.find(shape, job.span) is not None:
            there = self._why_not_there(job, shape)
            if there is not None:
                return there
        for name in self._overlay.names:
            with self._overlay.lifted([name]):
                is_kept = self._find(job, shape.models, None) is not None
            if is_kept:
                return reason("W3", asked=asked(job), whom=called(name))
        where = self._standing.open_to(job)
        return misfit(job, self._misfit(job, shape), self._standing.holders(shape, where))

    def _why_not_there(self, job: Job, shape: Shape) -> Reason | None:
        """Why it does not stand where there is room: by its affinity, or since nobody starts runs there.

        None for CPUs and memory only: those of other machines are no use to it.
        """
        nodes = self._standing.fitting(job)
        there = self._state.cluster.find(
            shape, job.span, allowed=None if nodes is None else self._standing.mask(nodes)
        )
        if there is None or self._standing.open_to(job) is None:
            return reason("W8", asked=asked(job))
        if not shape.devices:
            return None
        node = self._state.cluster.nodes[there[0].node].name
        return reason("W9", asked=asked(job), free=self._misfit(job, shape).devices_with_memory, node=node)

    def _misfit(self, job: Job, shape: Shape) -> Misfit:
        """Why it has no place on the nodes on which it can be started."""
        cluster, where = self._state.cluster, self._standing.open_to(job)
        key = shape, job.span, job.needs_launcher, cluster.changes
        if key not in self._misfits:
            mask = None if where is None else self._standing.mask(where)
            self._misfits[key] = cluster.why_not(shape, job.span, allowed=mask)
        return self._misfits[key]

    def _key(self, job: Job) -> Key:
        """What is alike for jobs that fare alike in one pass, once one that comes before them was refused."""
        return (
            *(job.owner, job.priority, job.shape, job.span, job.needs_launcher),
            *(job.max_runtime_s, job.preemptible, job.affinity if not job.affinity.is_free else None),
            job.id if job.id in self._unlike else None,
        )

    def _keep(self, job: Job, shape: Shape) -> Expected | None:
        """Keep what is free where ``job`` will stand, once it has waited long enough; one for each model."""
        if self._now_s - job.queued_since_s < self._state.settings.keep_after_s:
            return None
        models = self._quotas.models_for(job, shape)
        if any(models & others for others, _ in self._kept.values()):
            return None
        place = expected_place(
            self._state,
            lambda: self._find(job, shape.models, None),
            self._now_s,
            self._stopping,
            self._reserved_for_others(job),
        )
        if place is None:
            return None
        self._overlay.block(job.id, shape, place.placement)
        self._kept[job.id] = models, place.starts_at_s
        return place


def _within(placement: Placement, outer: Placement) -> bool:
    covered = {(slot.node, device) for slot in outer for device in slot.devices}
    return all((slot.node, device) in covered for slot in placement for device in slot.devices)
