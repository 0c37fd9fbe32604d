"""From one scene of the loop to the next: what happened, in words. Pure."""

from collections.abc import Iterator

from resources.registry.model import Decision
from trainplat_cli.demo.model import ROUND_JOB, RunState, RunView, Scene
from trainplat_cli.output import duration
from trainplat_cli.texts import _, ngettext


def news(before: Scene | None, after: Scene) -> list[str]:
    """What is new in ``after``, one line each, in the order in which a person wants to read it."""
    if before is None:  # what was over before anybody looked is told by its decisions
        over = tuple(run for run in after.runs if run.ended_s is not None)
        before = Scene(decisions=(), runs=over, open_questions=0)
    known = {run.run_id: run for run in before.runs}
    decided = {decision.version for decision in before.decisions}
    lines = [line for run in after.runs for line in _run_news(known.get(run.run_id), run)]
    lines += [decision_line(made) for made in after.decisions if made.version not in decided]
    return lines


def decision_line(decision: Decision) -> str:
    """One decision in a sentence."""
    new, measure = f"{decision.accuracy_new:.1%}", _(decision.measure.words)
    if decision.accuracy_old is None:
        text = _("{version}: {labels} labels, {measure} {new}; the first champion")
        return text.format(version=decision.version, labels=decision.labels, measure=measure, new=new)
    text = (
        _("{version}: {labels} labels, {measure} {new} against {old}; the new champion")
        if decision.promoted
        else _("{version}: {labels} labels, {measure} {new} against {old}; the champion stays")
    )
    old = f"{decision.accuracy_old:.1%}"
    return text.format(version=decision.version, labels=decision.labels, measure=measure, new=new, old=old)


def doing(scene: Scene, now_s: float) -> str:
    """What goes on in ``scene``, in one line."""
    active = [run for run in scene.runs if run.state in (RunState.WAITING, RunState.RUNNING)]
    parts = [_doing_run(run, now_s) for run in active]
    if not parts and scene.open_questions:
        count = scene.open_questions
        text = ngettext("{count} question waits for an answer", "{count} questions wait for an answer", count)
        parts = [text.format(count=count)]
    return ", ".join(parts) or _("the sensors look for what to do next")


def _run_news(before: RunView | None, run: RunView) -> Iterator[str]:
    if before is not None and before.state is run.state:
        return
    title = run_title(run)
    if run.state is RunState.WAITING:
        yield _("{run}: queued").format(run=title) + (f" ({run.reason})" if run.reason else "")
    elif run.state is RunState.RUNNING:
        yield _("{run}: runs").format(run=title)
    elif run.state is RunState.DONE:
        took = duration(max(0.0, (run.ended_s or run.created_s) - run.created_s))
        yield _("{run}: done after {time}").format(run=title, time=took)
    elif before is not None or run.state is RunState.FAILED:
        yield _("{run}: {state}").format(run=title, state=run.state.shown())


def run_title(run: RunView) -> str:
    """What a run does, for a person."""
    if run.job == ROUND_JOB:
        return _("round {version}").format(version=run.version)
    return _("questions of {version}").format(version=run.version)


def _doing_run(run: RunView, now_s: float) -> str:
    what = run.step or (run.reason if run.state is RunState.WAITING else "") or run.state.shown()
    return f"{run_title(run)}: {what} ({duration(max(0.0, now_s - run.created_s))})"
