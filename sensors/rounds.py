"""What is to be done about the newest version's round, and about answers that came: pure, of a snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from resources.data.model import VersionRecord, VersionState
from resources.data.spec import DatasetSpec
from resources.labeling.model import Problem, Standing
from resources.learning.triggering.judging import judge
from resources.learning.triggering.model import TriggerSnapshot, Verdict
from resources.learning.triggering.telling import sentence
from resources.terms import FIRST_VERSION, VersionKey
from sensors.attempts import (
    AGAIN,
    Ask,
    Attempt,
    Outcome,
    is_asked_for_since,
    is_given_up,
    next_step,
)

SHOWN_PROBLEMS = 3
NOTHING_MEASURED = TriggerSnapshot(labels_per_round=1, new_labels=0)


@dataclass(frozen=True)
class Situation:
    """What the decision rests on: a snapshot."""

    newest: VersionRecord
    decided: bool
    """Whether the newest version's round has a decision."""
    attempts: tuple[Attempt, ...]
    """Runs of the newest version's round, newest first."""
    questions_sent: bool
    """Whether all questions of the newest version are in Label Studio."""
    new_labels: int
    """Confirmed labels that no version has taken up."""
    standing: Standing
    problems: tuple[Problem, ...]
    """Those that keep a question open."""
    measured: TriggerSnapshot = NOTHING_MEASURED
    """What the trigger policy looks at besides the labels and questions above."""


@dataclass(frozen=True)
class StartRound:
    """Request a run of the round for a version that is planned."""

    version: VersionKey
    attempt: int
    wishes: tuple[int, ...] = ()
    """Those that ask for it by hand, where nothing else does."""


@dataclass(frozen=True)
class PlanNext:
    """Plan the next version with all new labels, and request its first run."""


@dataclass(frozen=True)
class Carry:
    """Let the champion stay after a version that brought samples and no label: nothing is to be learned."""

    version: VersionKey
    parent: VersionKey


@dataclass(frozen=True)
class Wait:
    """Do nothing, and why, for a person."""

    reason: str


def decide(spec: DatasetSpec, at: Situation, now: datetime) -> StartRound | PlanNext | Carry | Wait:
    """What to do in ``at``. Pure.

    1. While the newest version's round is not decided, nothing new is planned. A round that nobody asked for
       is requested (the first version's is left to people, who may ask for it by hand); one that failed,
       again, with back-off. So is one that failed behind its decision: MLflow was not told of it then, and
       shows another champion. One that a blocking check stopped is left to people, for the check would say
       it again: who asks for a training by hand after that starts it once more.
    2. A version that brought samples and no label is made, and the champion stays: nothing is trained.
    3. When the data set's trigger policy says so, the next version is planned with all new labels.
    4. Else it waits for people, and says for how many, what they must mend, and what the policy lacks.
    """
    if _is_unfinished(at):
        return _finish_round(spec, at, now)
    verdict = judged(spec, at, now)
    if verdict.fires:
        return PlanNext()
    return Wait(f"{_waits_for_people(spec, at)} {sentence(verdict)}")


def judged(spec: DatasetSpec, at: Situation, now: datetime) -> Verdict:
    """What the data set's trigger policy says to ``at``. Pure."""
    snapshot = replace(
        at.measured,
        labels_per_round=spec.labels_per_round,
        new_labels=at.new_labels,
        questions_sent=at.questions_sent,
        questions_open=at.standing.open,
        under_way=at.newest.version if _is_unfinished(at) else None,
        stopped_by=at.attempts[0].stopped_by if at.attempts else "",
    )
    return judge(spec.triggers, snapshot, now)


def brings_no_label(version: VersionRecord) -> bool:
    """Whether a version only takes up samples that came by themselves: there is nothing to learn from it."""
    is_trained_anew = version.adopted or version.starts_from is not None
    return version.parent is not None and version.new_labels == 0 and not is_trained_anew


def comes_of_labels(version: VersionRecord) -> bool:
    """Whether a trigger can have planned it: not a commit of people, nor new samples alone, nor a search."""
    return version.new_labels > 0 and not version.adopted and version.starts_from is None


def _is_unfinished(at: Situation) -> bool:
    return at.newest.state is VersionState.PLANNED or not at.decided or _is_untold(at.attempts)


def _is_untold(attempts: Sequence[Attempt]) -> bool:
    """Whether no run of a decided round came behind its decision; one that was cancelled was meant to end."""
    outcomes = [one.outcome for one in attempts]
    return outcomes[:1] == [Outcome.FAILED] and Outcome.DONE not in outcomes


def _finish_round(spec: DatasetSpec, at: Situation, now: datetime) -> StartRound | Carry | Wait:
    version, parent = at.newest.version, at.newest.parent
    if not at.attempts and version == FIRST_VERSION and not at.measured.wishes:
        return Wait(
            f"{version} has not been made yet. Start it: run {spec.name}_round for partition {version}."
        )
    wishes = at.measured.wishes
    step = next_step(
        at.attempts,
        now,
        what=f"The round of {version}",
        again=f"ask for a training by hand (`trainplat trigger {spec.name}`, or Train by hand on the page "
        f"Active learning), or {AGAIN}",
        asked_at=max((one.asked_at for one in wishes), default=None),
    )
    if isinstance(step, Ask):
        ended = at.attempts[0] if is_given_up(at.attempts) else None
        taken = [one.id for one in wishes if ended is not None and is_asked_for_since(ended, one.asked_at)]
        return StartRound(version, step.number, tuple(taken))
    if step.done:
        if not at.decided and parent is not None and brings_no_label(at.newest):
            return Carry(version, parent)
        return Wait(
            f"{step.reason} But {version} has no decision: materialize {spec.name}/champion for {version}."
        )
    return Wait(step.reason)


def _waits_for_people(spec: DatasetSpec, at: Situation) -> str:
    version = at.newest.version
    if not at.questions_sent:
        return f"The questions of {version} are not in Label Studio yet; {at.new_labels} new labels so far."
    if at.standing.open == 0:
        return (
            f"No question is open and there is no new label: people answered all that {version} asked. "
            f"A corrected answer, or running {spec.name}_ask for {version} again, starts the next version."
        )
    reason = (
        f"Waits for people: {at.new_labels} of {spec.labels_per_round} new labels, "
        f"{at.standing.open} questions are open."
    )
    for problem in at.problems[:SHOWN_PROBLEMS]:
        reason += f" To mend: {problem.problem}. {problem.next_step}"
    more = len(at.problems) - SHOWN_PROBLEMS
    return f"{reason} And {more} more like these." if more > 0 else reason
