"""A rollout: who answers how much, what was counted of both versions, and what comes next."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from resources.deploy_plan import DeployPlan, Strategy
from resources.errors import Unavailable
from resources.serving.deployments.analysis import Action, Counts, Observed, next_step
from resources.serving.deployments.changes import weights_of
from resources.serving.deployments.model import Rollout
from resources.serving.deployments.words import rollout_in_words
from resources.texts import Translate
from streamlit_app import colours, pieces
from streamlit_app.readings.model_server import ModelServer, Routed

STYLE = """
<style>
.tp-weights { display: flex; height: 1.5rem; border-radius: 0.3rem; overflow: hidden; margin: 0.5rem 0;
  font-size: 0.8rem; font-weight: 600; line-height: 1.5rem; }
.tp-weights > span { background: color-mix(in srgb, var(--tone) 28%, transparent); padding: 0 0.5rem;
  box-sizing: border-box; min-width: max-content; white-space: nowrap; border-left: 3px solid var(--tone);
  transition: flex-grow 0.6s; }
.tp-steps { display: flex; flex-wrap: wrap; gap: 0.4rem; align-items: center; margin-bottom: 0.4rem; }
</style>
"""


def block(
    rollout: Rollout, routed: Routed | None, server: ModelServer | Unavailable, now: datetime, _: Translate
) -> str:
    """All of it, as HTML."""
    first = rollout_in_words(rollout, _)
    parts = [
        f'<div class="tp-head">{escape(first[:1].upper() + first[1:])}</div>',
        _bar(rollout, _),
        _steps(rollout, _),
    ]
    if routed is not None:
        parts.append(_counted(rollout, routed, _))
        parts.append(pieces.small(_disagreement(rollout.plan, routed, _)))
    coming = _coming(rollout, routed, server, now, _)
    parts.append(f'<div class="tp-state" style="--tone:{colours.ACTIVE}">{coming}</div>')
    return f'<div class="tp-card" style="--tone:{colours.ACTIVE}">{"".join(parts)}</div>'


def named(endpoint: str, served: object) -> str:
    """A version as people ask for it."""
    return f"{endpoint}:{served}"


def _bar(rollout: Rollout, _: Translate) -> str:
    """Both shares of the requests, each at least as wide as its words."""
    sides = [(rollout.old, 100 - rollout.weight_percent, colours.CHAMPION)] if rollout.old else []
    sides.append((rollout.new, rollout.weight_percent, colours.CHALLENGER))
    spans = "".join(
        f'<span style="--tone:{tone};flex:{percent} 0 0">'
        f"{escape(named(rollout.endpoint, served))} · {percent} %</span>"
        for served, percent, tone in sides
    )
    return f'<div class="tp-weights">{spans}</div>'


def _steps(rollout: Rollout, _: Translate) -> str:
    if rollout.strategy is not Strategy.CANARY or rollout.is_rollback:
        return ""
    weights = weights_of(rollout.strategy, rollout.plan)
    pills = []
    for number, percent in enumerate(weights, start=1):
        if number < rollout.step:
            pills.append(pieces.pill(f"{percent} % ✓", colours.DONE))
        elif number == rollout.step:
            pills.append(pieces.pill(_("{percent} % now").format(percent=percent), colours.ACTIVE))
        else:
            pills.append(pieces.pill(f"{percent} %", colours.IDLE))
    return f'<div class="tp-steps">{" → ".join(pills)}</div>'


def _counted(rollout: Rollout, routed: Routed, _: Translate) -> str:
    heads = [_("Since this step began"), _("Requests"), _("Failed"), _("Median"), "p99"]
    sides: Sequence[tuple[object, Counts]] = ((rollout.old, routed.live), (rollout.new, routed.new))
    rows = [
        [
            pieces.code(named(rollout.endpoint, served)),
            f"{counts.requests:,}",
            f"{counts.errors:,}",
            _milliseconds(counts.latency_p50_ms),
            _milliseconds(counts.latency_p99_ms),
        ]
        for served, counts in sides
        if served is not None
    ]
    return pieces.table(heads, rows, numbers=frozenset({1, 2, 3, 4}))


def _disagreement(plan: DeployPlan, routed: Routed, _: Translate) -> str:
    if not routed.compared:
        return _("No answer of both was compared yet.")
    return _("{disagreed} of {compared} answers differ; {allowed} is allowed.").format(
        disagreed=f"{routed.disagreed:,}",
        compared=f"{routed.compared:,}",
        allowed=f"{plan.abort.disagreement:.0%}",
    )


def _coming(
    rollout: Rollout,
    routed: Routed | None,
    server: ModelServer | Unavailable,
    now: datetime,
    _: Translate,
) -> str:
    """What happens next, and when."""
    if isinstance(server, Unavailable) or routed is None:
        return pieces.text(_("Next: nothing, until a model server runs on this home."))
    ready = server.is_ready(named(rollout.endpoint, rollout.new))
    verdict = next_step(
        rollout,
        rollout.plan,
        Observed(routed.new, routed.live, routed.disagreed, routed.compared, ready),
        now,
    )
    if verdict.action is not Action.HOLD:
        return pieces.kept(verdict.sentence)
    if not ready:
        return pieces.text(_("Next: its first copy gets ready."))
    return pieces.text(_waiting(rollout, routed, now, _))


def _waiting(rollout: Rollout, routed: Routed, now: datetime, _: Translate) -> str:
    weights = weights_of(rollout.strategy, rollout.plan)
    then = (
        _("{percent} % of the requests").format(percent=weights[rollout.step])
        if rollout.step < len(weights)
        else _("it is live alone")
    )
    left_s = max(0, round(rollout.plan.step_s - (now - rollout.step_begun_at).total_seconds()))
    lacking = max(0, rollout.plan.least_requests - routed.new.requests)
    if rollout.strategy is Strategy.BLUE_GREEN or not lacking:
        return _("Next: {then}, in {seconds} s.").format(then=then, seconds=left_s)
    return _("Next: {then}, in {seconds} s and after {count} more requests.").format(
        then=then, seconds=left_s, count=lacking
    )


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} ms"
