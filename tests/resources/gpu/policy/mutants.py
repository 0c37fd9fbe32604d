"""For each rule of the policy a change that breaks it, and the kind of history in which that shows."""

from dataclasses import dataclass

from tests.mutants import Mutant
from tests.resources.gpu.policy.worlds import (
    AGAIN,
    CARDS_ONLY,
    DRAINS,
    EXCHANGES,
    LOOPS,
    MOVES,
    PLAIN,
    QUOTAS,
    RESERVED,
    SETTING,
    SPENDING,
    STOPS,
    TERMS,
    TIGHT,
    Kind,
)


@dataclass(frozen=True)
class Broken:
    """A mutant, and histories of which one shows it."""

    mutant: Mutant
    kind: Kind
    seed: int = 0
    """Where to begin to look; one that showed it when this was written."""
    guarded: bool = False
    """Whether the index of what is free refuses what the mutant would give out."""


_MODULE = "resources.gpu.policy."


def _broken(
    name: str, where: str, old: str, new: str, kind: Kind, seed: int = 0, *, guarded: bool = False
) -> Broken:
    return Broken(Mutant(name, f"{_MODULE}{where}", old, new), kind, seed, guarded)


_PASS = "decide:_Pass."
_QUOTAS = "quotas_of_pass:QuotasOfPass."
_SEARCH = "victims:Search."
_OF_TURNS = [
    _broken(
        "S1: who borrows goes first",
        f"{_QUOTAS}turn",
        "return not self.permission(job).within_nominal,",
        "return self.permission(job).within_nominal,",
        CARDS_ONLY,
        3,
    ),
    _broken(
        "S2: the present does not count",
        "share:Standing.combined",
        "+ NOW_COUNTS * self.now",
        "",
        PLAIN,
    ),
    _broken(
        "S2: the past does not count",
        "share:Standing.combined",
        "(1 - NOW_COUNTS) * self.past + ",
        "",
        PLAIN,
        2,
    ),
    _broken(
        "S2: what runs since the last change does not count",
        f"{_QUOTAS}_past",
        "used.level(now_s, rate)",
        "used.level(now_s)",
        STOPS,
        6,
    ),
    _broken(
        "S3: the last name goes first",
        "share:Standing.key",
        "self.party.path",
        "-ord(self.party.path[-1])",
        PLAIN,
        2,
    ),
    _broken("O1: priorities do not count", "order:rank", "-job.priority", "0", PLAIN, 2),
    _broken(
        "O3: what is declared does not count", "order:level", "max(0, math.floor", "min(0, math.floor", TERMS
    ),
    _broken(
        "O5: who came last goes first", "order:rank", "job.submitted_at_s", "-job.submitted_at_s", PLAIN, 2
    ),
]
_OF_GRANTS = [
    _broken(
        "A1: who asks for nothing waits its turn",
        f"{_PASS}_decide_one",
        "if not job.shape.devices",
        "if False",
        PLAIN,
        1,
    ),
    _broken("A2: said of what is borrowed", f"{_QUOTAS}_ask", '"A3"', '"A2"', CARDS_ONLY, 3),
    _broken("A3: said of what is owed", f"{_QUOTAS}_ask", '"A2"', '"A3"', CARDS_ONLY),
    _broken(
        "A4: what was kept is given to anybody",
        f"{_PASS}_lay_holds",
        "if not self._state.cluster.fits(hold.shape, hold.placement)",
        "if True",
        STOPS,
    ),
    _broken(
        "A4: nothing is kept while others make room",
        f"{_PASS}_lay_holds",
        "self._overlay.hold(hold, victims)",
        "True",
        STOPS,
        6,
    ),
    _broken(
        "A4: granted before its quota is free",
        f"{_PASS}_lay_holds",
        "if not self._quotas.is_over(job, hold.placement):",
        "if True:",
        EXCHANGES,
        81,
    ),
    _broken(
        "A4: granted though its quota was set anew, or its budget is used up",
        f"{_PASS}_lay_holds",
        "if not self._quotas.allows(job, hold.placement):",
        "if False:",
        SETTING,
        22,
    ),
    _broken(
        "A4: granted where its affinity forbids it",
        f"{_PASS}_suits",
        "allowed is None or",
        "True or",
        TERMS,
        3,
    ),
    _broken(
        "A5: said of what lies outside",
        f"{_PASS}_find_with_reservations",
        "and _within(placement, one.placement)",
        "",
        RESERVED,
        1,
    ),
    _broken(
        "gangs: one card too few",
        f"{_PASS}_find",
        "return self._state.cluster.find(shape,",
        "return self._state.cluster.find(replace(shape, devices=max(1, shape.devices - 1)),",
        PLAIN,
        guarded=True,
    ),
    _broken(
        "gangs: torn over nodes",
        f"{_PASS}_find",
        "return self._state.cluster.find(shape, job.span",
        "return self._state.cluster.find(shape, Span.NODES",
        PLAIN,
    ),
    _broken(
        "gangs: torn over islands",
        f"{_PASS}_find",
        "return self._state.cluster.find(shape, job.span",
        "return self._state.cluster.find(shape, Span.NODE if job.span is Span.ISLAND else job.span",
        PLAIN,
    ),
    _broken(
        "gangs: of any model",
        f"{_PASS}_find",
        "allowed=mask)",
        "allowed=mask) or self._state.cluster.find(replace(shape, models=None), job.span)",
        PLAIN,
        1,
    ),
    _broken(
        "oversell: a card is given twice in one pass",
        f"{_PASS}_grant",
        "self._state.cluster.take(job.shape, placement)",
        "pass",
        PLAIN,
        5,
    ),
    _broken(
        "affinity: labels do not count",
        "affinity:Standing.fitting",
        "nodes = self._labelled(affinity)",
        "nodes = frozenset(range(len(self._state.cluster.nodes)))",
        TERMS,
    ),
    _broken(
        "affinity: near does not count",
        "affinity:Standing.fitting",
        "if affinity.near is not None and",
        "if False and",
        TERMS,
    ),
    _broken(
        "affinity: apart does not count",
        "affinity:Standing.fitting",
        "if affinity.apart is not None",
        "if False",
        TERMS,
        1,
    ),
    _broken(
        "affinity: what this pass gives does not count",
        f"{_PASS}_grant",
        "self._standing.add(job, placement)",
        "pass",
        TERMS,
        1,
    ),
    _broken(
        "progress: the first in line is forgotten",
        f"{_PASS}_in_turn",
        "yield lines[project].pop()",
        "lines[project].pop()\n        yield from ()",
        PLAIN,
    ),
]
_OF_STOPS = [
    _broken(
        "P1: for whom nothing is owed",
        f"{_PASS}_make_room",
        "permission.borrowers if permission.within_nominal else ()",
        "[one.job.project for one in self._state.running.values()]",
        CARDS_ONLY,
        7,
    ),
    _broken(
        "P1: from whom nothing was borrowed",
        f"{_QUOTAS}reclaimable",
        "if self._tree.share(party_of(one.job.project)).borrows:",
        "if True:",
        CARDS_ONLY,
        5,
    ),
    _broken(
        "P2: for a lower priority",
        f"{_SEARCH}_rule",
        "running.job.priority < self._job.priority",
        "running.job.priority > self._job.priority",
        STOPS,
    ),
    _broken(
        "P3: for who has had as much",
        "order:worth_preempting",
        "waiting.level < victim.level",
        "True",
        STOPS,
        6,
    ),
    _broken("P3: its minimum does not double", "order:minimum_run_s", "2.0**job.evictions", "1.0", LOOPS, 1),
    _broken("P4: nobody makes room", f"{_PASS}_clear", "if victims:", "if False:", RESERVED),
    _broken(
        "P4: for its own runs too", f"{_PASS}_clear", " if not reservation.is_for(one.job)", "", RESERVED
    ),
    _broken(
        "P4: long before it begins",
        f"{_PASS}_lay_reservations",
        "if one.starts_at_s <= self._now_s:",
        "if True:",
        RESERVED,
    ),
    _broken("P5: nobody makes room", f"{_PASS}_clear_drained", "if victims:", "if False:", DRAINS, 1),
    _broken(
        "P5: who stands elsewhere makes room too",
        f"{_PASS}_clear_drained",
        "self._preemptible_on(drain.places)",
        "self._preemptible_on(frozenset((n, d) for n, _ in drain.places for d in range(9)))",
        DRAINS,
        1,
    ),
    _broken(
        "P5: who cannot stop makes room too",
        f"{_PASS}_preemptible_on",
        "if one.job.preemptible",
        "if True",
        DRAINS,
        1,
    ),
    _broken("D1: to the same node", "moving:Moving._on", "other != node", "True", MOVES, 25),
    _broken(
        "D1: before its minimum runtime",
        "moving:Moving._may_move",
        "self._now_s - one.started_at_s < settings.min_runtime_s",
        "False",
        MOVES,
        3,
    ),
    _broken(
        "D1: what it moves to is not kept",
        f"{_PASS}_move_others",
        "self._overlay.hold(",
        "(lambda *_: None)(",
        MOVES,
        20,
    ),
    _broken("minimum runtime", f"{_SEARCH}_may_go", "< settings.min_runtime_s", "< 0", AGAIN, 2),
    _broken("cool-down", f"{_SEARCH}_may_go", "return since_s is None or", "return True or", AGAIN, 11),
    _broken(
        "most evictions", f"{_SEARCH}_may_go", "or job.evictions >= settings.most_evictions", "", STOPS, 10
    ),
    _broken(
        "never the same eviction twice",
        f"{_SEARCH}_may_go",
        "or self._job.id in job.made_room_for",
        "",
        AGAIN,
        7,
    ),
    _broken(
        "only the preemptible", f"{_PASS}_preemptible_on", "if one.job.preemptible", "if True", RESERVED, 3
    ),
    _broken(
        "nobody is stopped twice at a time", f"{_SEARCH}_may_go", "or job.id in self._stopping", "", STOPS
    ),
    _broken(
        "add-back: all candidates go",
        f"{_SEARCH}_search",
        "for one in list(reversed(gone)):",
        "for one in []:",
        STOPS,
        7,
    ),
    _broken(
        "add-back: none is tried alone",
        f"{_SEARCH}_search",
        "if self._fits(nodes) is None:\n                self._go",
        "if True:\n                self._go",
        STOPS,
        7,
    ),
    _broken(
        "holds: not laid in the pass that makes room",
        f"{_PASS}_hold",
        "self._overlay.hold(",
        "(lambda *_: None)(",
        STOPS,
        7,
    ),
]
_OF_KEEPING = [
    _broken("keeping: never", f"{_PASS}_keep", "< self._state.settings.keep_after_s", "< 1e18", PLAIN, 1),
    _broken("keeping: at once", f"{_PASS}_keep", "< self._state.settings.keep_after_s", "< 0", PLAIN),
    _broken(
        "keeping: said, not done",
        f"{_PASS}_keep",
        "self._overlay.block(job.id, shape, place.placement)",
        "pass",
        PLAIN,
        2,
    ),
    _broken(
        "backfill: whatever was declared",
        f"{_PASS}_may_lift",
        "if starts_at_s is not None and ends_at_s is not None and ends_at_s <= starts_at_s:",
        "if True:",
        TERMS,
    ),
    _broken(
        "backfill: for who declares too much",
        f"{_PASS}_may_lift",
        "and ends_at_s <= starts_at_s:",
        ":",
        TERMS,
        3,
    ),
    _broken(
        "reservations: not kept free",
        f"{_PASS}_lay_reservations",
        "self._overlay.block(one.holder, one.shape, one.placement)",
        "pass",
        RESERVED,
    ),
    _broken(
        "reservations: lent to who stays too long",
        f"{_PASS}_may_lift",
        "in_time = ends_at_s <= one.starts_at_s",
        "in_time = True",
        RESERVED,
    ),
    _broken(
        "reservations: open to all once begun",
        f"{_PASS}_may_lift",
        "(one.is_for(job) and not before)",
        "not before",
        RESERVED,
    ),
    _broken(
        "reservations: taken by making room",
        f"{_PASS}_reserved_for_others",
        "if not self._state.reservations:",
        "if True:",
        RESERVED,
        17,
    ),
]
_OF_QUOTAS = [
    _broken(
        "Q4, Q5: quotas do not count",
        f"{_QUOTAS}_ask",
        "model for model, fit in fits.items() if fit.fits",
        "model for model in fits",
        QUOTAS,
        6,
    ),
    _broken(
        "Q5: what this pass gives does not count",
        f"{_PASS}_grant",
        "self._quotas.add(job, placement)",
        "pass",
        TIGHT,
        5,
    ),
    _broken(
        "Q4: said for Q5",
        "quota:_refusal",
        "step.kind is FitKind.EXHAUSTED",
        "step.kind is not FitKind.EXHAUSTED",
        QUOTAS,
        1,
    ),
    _broken(
        "Q6: said of what is not owed",
        "quota:QuotaTree.fits",
        "if step.blocked and not step.reclaims",
        "if False",
        CARDS_ONLY,
        1,
    ),
    _broken(
        "Q6: never said",
        "quota:QuotaTree.fits",
        "if step.blocked and not step.reclaims",
        "if step.blocked",
        CARDS_ONLY,
        7,
    ),
    _broken("Q7: never refused", "quota:QuotaTree.ever_fits", "if asked > most:", "if False:", TIGHT, 1),
    _broken(
        "Q7: refused what would fit",
        "quota:QuotaTree.ever_fits",
        "if asked > most:",
        "if asked >= most:",
        TIGHT,
        4,
    ),
    _broken(
        "B1: budgets do not count",
        "quota:QuotaTree.fits",
        "path if self._over_budget else ()",
        "()",
        SPENDING,
    ),
]
_OF_WORDS = [
    _broken(
        "W1: said for W5",
        "reasons:misfit",
        "if why.devices_usable < need:",
        "if why.devices_of_model < need:",
        PLAIN,
        2,
    ),
    _broken(
        "W3: said of what nobody keeps",
        f"{_PASS}_why",
        "is_kept = self._find(job, shape.models, None) is not None",
        "is_kept = True",
        PLAIN,
        2,
    ),
    _broken(
        "W4: not said",
        f"{_PASS}_lay_holds",
        'self._decisions.append(Wait(job.id, reason("W4", asked=asked(job), runs=runs(victims))))',
        "pass",
        STOPS,
    ),
    _broken(
        "W5: said for W1",
        "reasons:misfit",
        "if why.devices_usable < need:",
        "if why.devices_with_memory < need:",
        PLAIN,
    ),
    _broken("W6: said for W1", "reasons:misfit", "if free < need:", "if False:", PLAIN),
    _broken("W7: said for W6", "reasons:misfit", "if why.largest_block < need:", "if False:", PLAIN),
    _broken(
        "W8: never said", f"{_PASS}_why", "self._standing.allowed(job) is not None and", "False and", TERMS
    ),
    _broken(
        "W8: said of a lack of room",
        f"{_PASS}_why",
        "and cluster.find(shape, job.span) is not None",
        "",
        TERMS,
    ),
]
BROKEN = (*_OF_TURNS, *_OF_GRANTS, *_OF_STOPS, *_OF_KEEPING, *_OF_QUOTAS, *_OF_WORDS)
