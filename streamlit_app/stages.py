"""The loop as seven stages, and what comes next. Pure: a reading in, words out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from resources.data.model import VersionRecord, VersionState
from resources.texts import Plural, Translate
from streamlit_app import wording
from streamlit_app.readings.loop import Loop


class StageState(StrEnum):
    """What is going on in a stage."""

    IDLE = "idle"
    """Not its turn yet."""
    WAITING = "waiting"
    """It goes on by itself as soon as something else lets it."""
    ACTIVE = "active"
    PEOPLE = "people"
    """It is a person's turn."""
    TROUBLE = "trouble"
    DONE = "done"


@dataclass(frozen=True)
class Stage:
    """One stage of the loop."""

    name: str
    state: StageState
    headline: str
    detail: str
    since: datetime | None
    """When it came into this state."""


def stages(loop: Loop, _: Translate, ngettext: Plural) -> tuple[Stage, ...]:
    """Data, train, predict, choose, annotate, confirm and retrain, in this order."""
    return (
        _data(loop, _, ngettext),
        _train(loop, _),
        _predict(loop, _),
        _choose(loop, _, ngettext),
        _annotate(loop, _),
        _confirm(loop, _, ngettext),
        _retrain(loop, _),
    )


def state_name(state: StageState, _: Translate) -> str:
    """The state as a person says it."""
    return {
        StageState.IDLE: _("not yet"),
        StageState.WAITING: _("waiting"),
        StageState.ACTIVE: _("in progress"),
        StageState.PEOPLE: _("your turn"),
        StageState.TROUBLE: _("needs attention"),
        StageState.DONE: _("done"),
    }[state]


def what_next(loop: Loop, _: Translate, ngettext: Plural) -> str:
    """One sentence: what the loop does next by itself, or what a person can do."""
    if not loop.versions:
        return _("No version exists yet. Run `make demo` to start the loop.")
    newest = loop.versions[-1]
    if not _is_decided(loop, newest):
        return _what_next_in_round(loop, newest, _)
    if loop.questions is None or loop.questions.version != newest.version:
        return _("After {version}, the champion is about to choose what people should label.").format(
            version=newest.version
        )
    if loop.questions.still_open:
        return ngettext(
            "{count} question waits for an answer in Label Studio. The next training starts by itself.",
            "{count} questions wait for an answer in Label Studio. The next training starts by itself.",
            loop.questions.still_open,
        ).format(count=loop.questions.still_open)
    if loop.second_looks:
        return ngettext(
            "{count} answer waits for a second look in Label Studio, which says why.",
            "{count} answers wait for a second look in Label Studio, which says why.",
            len(loop.second_looks),
        ).format(count=len(loop.second_looks))
    if loop.new_labels:
        return _("All questions are answered. The annotation sensor starts the next version within a minute.")
    return _("All questions are answered, and every label is in a version.")


def _what_next_in_round(loop: Loop, newest: VersionRecord, _: Translate) -> str:
    if loop.runs_waiting and not loop.runs_leased:
        return _("The training of {version} waits for a device; the queue says why.").format(
            version=newest.version
        )
    if not _is_sealed(newest) and len(loop.versions) == 1:
        return _(
            "{version} is planned. `make demo` runs it, or materialize the job `{job}` in the Dagster UI."
        ).format(version=newest.version, job=f"{loop.dataset}_round")
    return _(
        "{version} is on its way: data, training, evaluation, then the better model is champion."
    ).format(version=newest.version)


def _data(loop: Loop, _: Translate, ngettext: Plural) -> Stage:
    name = _("Data")
    if not loop.versions:
        return Stage(name, StageState.IDLE, "–", _("no version yet"), None)
    newest = loop.versions[-1]
    if not _is_sealed(newest):
        state = StageState.WAITING if len(loop.versions) == 1 and not loop.runs_leased else StageState.ACTIVE
        return Stage(name, state, newest.version, _("planned"), _moment(newest))
    detail = wording.labels(newest.labelled or 0, ngettext)
    return Stage(name, StageState.DONE, newest.version, detail, _moment(newest))


def _train(loop: Loop, _: Translate) -> Stage:
    name = _("Train")
    first = next(
        (one for one in loop.rounds if loop.versions and one.version == loop.versions[0].version), None
    )
    if first is not None:
        return Stage(name, StageState.DONE, _percent(first.accuracy_new), _("base model"), first.decided_at)
    if not loop.versions or not _is_sealed(loop.versions[0]):
        return Stage(name, StageState.IDLE, "–", _("base model"), None)
    return Stage(name, _training(loop), loop.versions[0].version, _("base model"), _moment(loop.versions[0]))


def _predict(loop: Loop, _: Translate) -> Stage:
    name = _("Predict")
    if not loop.rounds:
        return Stage(name, StageState.IDLE, "–", _("the pool"), None)
    newest = loop.rounds[-1]
    pool = next((one.pool for one in loop.versions if one.version == newest.version), None)
    headline = "–" if pool is None else f"{pool:,}"
    if loop.questions is not None and loop.questions.version == newest.version:
        return Stage(name, StageState.DONE, headline, _("samples of the pool"), loop.questions.asked_at)
    return Stage(name, StageState.WAITING, headline, _("samples of the pool"), newest.decided_at)


def _choose(loop: Loop, _: Translate, ngettext: Plural) -> Stage:
    name = _("Choose")
    asked = loop.questions
    if asked is None:
        return Stage(name, StageState.IDLE, "–", _("what to ask"), None)
    if loop.rounds and asked.version != loop.rounds[-1].version:
        return Stage(name, StageState.WAITING, "–", _("what to ask"), loop.rounds[-1].decided_at)
    detail = ngettext("question after {version}", "questions after {version}", asked.asked)
    return Stage(
        name, StageState.DONE, f"{asked.asked:,}", detail.format(version=asked.version), asked.asked_at
    )


def _annotate(loop: Loop, _: Translate) -> Stage:
    name = _("Annotate")
    asked = loop.questions
    if asked is None or (loop.rounds and asked.version != loop.rounds[-1].version):
        return Stage(name, StageState.IDLE, "–", _("in Label Studio"), None)
    answered = _("{done} of {all}").format(done=asked.asked - asked.still_open, all=asked.asked)
    if asked.still_open:
        return Stage(name, StageState.PEOPLE, answered, _("answered"), asked.asked_at)
    return Stage(name, StageState.DONE, answered, _("answered"), loop.newest_label_at or asked.asked_at)


def _confirm(loop: Loop, _: Translate, ngettext: Plural) -> Stage:
    name = _("Confirm")
    if loop.blocking:
        since = min(problem.opened_at for problem in loop.blocking)
        return Stage(name, StageState.TROUBLE, f"{len(loop.blocking):,}", _("to be mended"), since)
    if loop.second_looks:
        since = min(problem.opened_at for problem in loop.second_looks)
        return Stage(name, StageState.PEOPLE, f"{len(loop.second_looks):,}", _("to look at again"), since)
    if loop.new_labels:
        detail = ngettext("new label", "new labels", loop.new_labels)
        return Stage(name, StageState.ACTIVE, f"+{loop.new_labels:,}", detail, loop.newest_label_at)
    taken = loop.versions[-1] if loop.versions else None
    if taken is None or not taken.new_labels:
        return Stage(name, StageState.IDLE, "–", _("new labels"), None)
    detail = _("taken into {version}").format(version=taken.version)
    return Stage(name, StageState.DONE, f"+{taken.new_labels:,}", detail, _moment(taken))


def _retrain(loop: Loop, _: Translate) -> Stage:
    name = _("Retrain")
    if len(loop.versions) < 2:
        return Stage(name, StageState.IDLE, "–", _("from the champion"), None)
    newest = loop.versions[-1]
    ended = next((one for one in loop.rounds if one.version == newest.version), None)
    if ended is None:
        state = _training(loop) if _is_sealed(newest) else StageState.WAITING
        return Stage(name, state, newest.version, _("from the champion"), _moment(newest))
    detail = _("{version} is champion") if ended.promoted else _("{version} did not win")
    if ended.barred:
        detail = _("{version} is barred by its gates")
    return Stage(
        name,
        StageState.DONE,
        _percent(ended.accuracy_new),
        detail.format(version=ended.version),
        ended.decided_at,
    )


def _training(loop: Loop) -> StageState:
    return StageState.WAITING if loop.runs_waiting and not loop.runs_leased else StageState.ACTIVE


def _is_decided(loop: Loop, version: VersionRecord) -> bool:
    return any(one.version == version.version for one in loop.rounds)


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _is_sealed(version: VersionRecord) -> bool:
    return version.state is not VersionState.PLANNED


def _moment(version: VersionRecord) -> datetime:
    return version.sealed_at or version.planned_at
