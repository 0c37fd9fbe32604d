"""Quotas in one pass: what they allow each job, with what the pass gives away; undone at its end."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from resources.gpu.model import Owner
from resources.gpu.placement.model import Placement, Shape
from resources.gpu.policy.amounts import Amounts, Resource
from resources.gpu.policy.model import Job, JobId, Running
from resources.gpu.policy.quota_model import Fit, FitKind, Party
from resources.gpu.policy.quota_model import project as party_of
from resources.gpu.policy.reason import Reason
from resources.gpu.policy.share import Turn as TurnOfProject
from resources.gpu.policy.share import turn, use_rate
from resources.gpu.policy.state import State

Turn = tuple[bool, TurnOfProject]
Choice = tuple[frozenset[str] | None, str]
"""Device models that quotas allow, None for any; and the rule of a grant of them."""


@dataclass(frozen=True)
class Permission:
    """What quotas say to one job."""

    choices: tuple[Choice, ...]
    """What it may have, from within its nominal to the whole that it may borrow; empty: nothing now."""
    within_nominal: bool
    """Whether it is owed devices, whoever has them now."""
    borrowers: tuple[str, ...]
    """Projects that have to give back for it, the one furthest above its share first."""
    reason: Reason
    """Why it may have nothing, where it may not."""
    is_coming: bool = False
    """Whether it may have it once those that are told to stop are gone."""


class QuotasOfPass:
    """The quota tree and the shares during one pass."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._tree = state.quotas
        self._done: list[tuple[Owner, Amounts, int]] = []
        self._permissions: dict[Party, dict[tuple[object, ...], Permission]] = {}
        """By what is on top of the owner: a change of use in one hierarchy leaves the others as they are."""
        self._going: list[Running] = []
        self._turns: dict[Party, dict[str, TurnOfProject]] = {}
        self._tops: dict[str, Party] = {}
        self._rates: dict[Party, float] = {}
        """At which rate those used before the pass to whom it has given something, or taken it from."""
        self._rated: set[Owner] = set()
        self.changes = 0
        """Grows with each change of use, so that whoever compares turns need not ask again."""

    def permission(self, job: Job, *, planned: bool = False) -> Permission:
        """What quotas allow ``job`` now; ``planned``: once all that are told to stop are gone."""
        known = self._permissions.setdefault(self._top(job.owner), {})
        key = (job.owner, job.shape, planned, job.needs_launcher)
        if (found := known.get(key)) is None:
            found = known[key] = self._ask(job, planned=planned)
        return found

    @property
    def going(self) -> list[Running]:
        """Those that are counted as gone and still run."""
        return list(self._going)

    def models_for(self, job: Job, shape: Shape) -> frozenset[str | None]:
        """The models that will do for a job, of those that are where it can be started."""
        models = self._state.cluster.models_for(shape)
        return models & self._open_models if job.needs_launcher and self._state.closed else models

    @cached_property
    def _open_models(self) -> frozenset[str | None]:
        """The models on the nodes on which runs are started."""
        nodes = enumerate(self._state.cluster.nodes)
        open_nodes = (node for index, node in nodes if index not in self._state.closed)
        return frozenset(device.model for node in open_nodes for device in node.devices)

    def allows(self, job: Job, placement: Placement) -> bool:
        """Whether quotas allow a placement once those that are told to stop are gone.

        They did when others were told to make room for it, and may have been set anew since.
        """
        return self._tree.fits(job.owner, self._state.amounts(job, placement)).fits

    def is_over(self, job: Job, placement: Placement) -> bool:
        """Whether quotas do not allow a placement beside those that still run."""
        if not self._going:
            return False
        for one in self._going:
            self._count(one.job.owner, self._state.amounts(one.job, one.placement), 1)
        is_over = not self.allows(job, placement)
        for one in self._going:
            self._count(one.job.owner, self._state.amounts(one.job, one.placement), -1)
        return is_over

    def turn(self, job: Job, now_s: float) -> Turn:
        """By which projects take turns; the smallest goes first (rules S1 to S3, after what is owed)."""
        known = self._turns.setdefault(self._top(job.owner), {})
        if job.project not in known:
            known[job.project] = turn(
                self._tree, job.owner, self._state.capacity, lambda party: self._past(party, now_s)
            )
        return not self.permission(job).within_nominal, known[job.project]

    def add(self, job: Job, placement: Placement) -> None:
        """Count what a job is given in this pass."""
        self._change(job.owner, self._state.amounts(job, placement), 1)

    def take_out(self, running: Running) -> None:
        """Count a running job as gone."""
        self._change(running.job.owner, self._state.amounts(running.job, running.placement), -1)

    def put_back(self, running: Running) -> None:
        """Count it as running again."""
        self._change(running.job.owner, self._state.amounts(running.job, running.placement), 1)

    def exchange(self, job: Job, placement: Placement, victims: Iterable[Running]) -> None:
        """Count victims as gone and the job in their place, so that nobody else takes what they free.

        Until they are gone what they use is theirs, so whatever is granted has to fit beside both.
        """
        for one in victims:
            self.take_out(one)
            self._going.append(one)
        self.add(job, placement)

    def reclaimable(self, candidates: Sequence[Running], stopping: Container[JobId]) -> list[Running]:
        """Of running jobs in the order in which they would go, those whose project borrows at its turn.

        By what runs and stays: what the pass gives away, and what is told to stop, does not count.
        """
        if not candidates:
            return []  # nothing has to be counted, and undone, for nobody
        planned = list(self._done)
        for owner, amounts, sign in reversed(planned):
            self._count(owner, amounts, -sign)
        gone = [one for one in self._state.running.values() if one.job.id in stopping]
        for one in gone:
            self._count(one.job.owner, self._state.amounts(one.job, one.placement), -1)
        found: list[Running] = []
        for one in candidates:
            if self._tree.share(party_of(one.job.project)).borrows:
                self._count(one.job.owner, self._state.amounts(one.job, one.placement), -1)
                found.append(one)
        for one in (*gone, *found):
            self._count(one.job.owner, self._state.amounts(one.job, one.placement), 1)
        for owner, amounts, sign in planned:
            self._count(owner, amounts, sign)
        return found

    def undo(self) -> None:
        """Leave the tree as it was before the pass."""
        for owner, amounts, sign in reversed(self._done):
            self._count(owner, amounts, -sign)
        self._done.clear()

    def _ask(self, job: Job, *, planned: bool) -> Permission:
        models = self.models_for(job, job.shape)
        if not job.shape.devices or not models:
            models = frozenset((None,))
        fits = self._fits(job, models)
        within = frozenset(model for model, fit in fits.items() if fit.kind is FitKind.WITHIN)
        open_to = frozenset(model for model, fit in fits.items() if fit.fits)
        waits_for: Reason | None = None
        if self._going and open_to and not planned:
            for one in self._going:
                self._count(one.job.owner, self._state.amounts(one.job, one.placement), 1)
            beside = self._fits(job, open_to)
            for one in self._going:
                self._count(one.job.owner, self._state.amounts(one.job, one.placement), -1)
            now = frozenset(model for model, fit in beside.items() if fit.fits)
            within, open_to = within & now, now
            waits_for = None if now else next(iter(beside.values())).reason
        choices: list[Choice] = []
        if within:
            choices.append((_or_any(within, fits.keys()), "A2"))
        if open_to != within:
            choices.append((_or_any(open_to, fits.keys()), "A3"))
        worst = min(fits.values(), key=lambda fit: _ORDER.index(fit.kind))
        owed = any(fit.kind in (FitKind.WITHIN, FitKind.RECLAIM) for fit in fits.values())
        return Permission(
            tuple(choices),
            owed,
            self._borrowers(job, worst),
            waits_for or worst.reason,
            waits_for is not None,
        )

    def _fits(self, job: Job, models: Iterable[str | None]) -> dict[str | None, Fit]:
        alike: dict[tuple[Resource, ...], Fit] = {}
        fits: dict[str | None, Fit] = {}
        for model in models:
            counted = self._tree.counting(model)
            if counted not in alike:
                alike[counted] = self._tree.fits(job.owner, self._state.amounts_of_model(job, model))
            fits[model] = alike[counted]
        return fits

    def _borrowers(self, job: Job, fit: Fit) -> tuple[str, ...]:
        if fit.kind is FitKind.RECLAIM:
            named: Sequence[str] = [one.party.name for one in fit.borrowers]
        elif fit.kind is FitKind.WITHIN:
            top = self._tree.path(job.owner)[-1]
            found = [one for name in self._tree.resources for one in self._tree.borrowers(top, name)]
            named = [one.party.name for one in sorted(found, key=lambda one: (-one.share, one.party.path))]
        else:
            named = ()
        return tuple(dict.fromkeys(one for one in named if one != job.owner.project))

    def _change(self, owner: Owner, amounts: Amounts, sign: int) -> None:
        if owner not in self._rated:
            self._rated.add(owner)
            for party in self._tree.path(owner):
                if party not in self._rates:
                    self._rates[party] = use_rate(self._tree, party, self._state.capacity)
        self._count(owner, amounts, sign)
        self._done.append((owner, amounts, sign))
        self.changes += 1
        top = self._top(owner)
        if self._tree.rows.quotas:  # else use changes nothing in what is allowed
            self._permissions.pop(top, None)
        self._turns.pop(top, None)

    def _top(self, owner: Owner) -> Party:
        top = self._tops.get(owner.project)
        if top is None:
            top = self._tops[owner.project] = self._tree.path(owner)[-1]
        return top

    def _past(self, party: Party, now_s: float) -> float:
        """Up to now: what is in use since the last change counts as well."""
        used = self._state.usage.get(party)
        if used is None:
            return 0.0
        rate = self._rates.get(party)
        if rate is None:
            rate = use_rate(self._tree, party, self._state.capacity)
        return used.level(now_s, rate)

    def _count(self, owner: Owner, amounts: Amounts, sign: int) -> None:
        if sign > 0:
            self._tree.add(owner, amounts)
        else:
            self._tree.remove(owner, amounts)


_ORDER = (
    *(FitKind.WITHIN, FitKind.BORROWS, FitKind.RECLAIM),
    *(FitKind.EXHAUSTED, FitKind.OVER_LIMIT, FitKind.OVER_BUDGET),
)


def _or_any(models: frozenset[str | None], all_models: Iterable[str | None]) -> frozenset[str] | None:
    """The models, or None where that is all there are."""
    if models == frozenset(all_models):
        return None
    return frozenset(model for model in models if model is not None)
