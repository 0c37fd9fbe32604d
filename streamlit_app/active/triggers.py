"""The triggers of a data set: each condition as a gauge, what holds, and what was found before."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from resources.errors import TrainplatError
from resources.learning.triggering.model import ConditionRow, GuardRow, Paused, Wish
from resources.learning.triggering.service import TriggerService
from resources.learning.triggering.telling import sentence
from resources.learning.triggering.words import shown, span
from resources.terms import Actor
from resources.texts import Translate, mark
from resources.users import current_user
from streamlit_app import colours, pieces, wording
from streamlit_app.gpu.squares import gauge
from streamlit_app.reader import Reader
from streamlit_app.readings.active import ActiveLearning, newest_begun
from streamlit_app.readings.source import open_home

KINDS = {
    "LabelCount": mark("New labels"),
    "AllAnswered": mark("All questions answered"),
    "QualityDrop": mark("Drop of quality"),
    "Drift.pool": mark("Drift of new samples"),
    "Drift.predictions": mark("Drift of guesses"),
    "Elapsed": mark("Time since the last training"),
    "ByHand": mark("By hand"),
    "AnyOf": mark("Any of"),
    "AllOf": mark("All of"),
    "busy": mark("One training at a time"),
    "nothing_new": mark("Something new"),
    "paused": mark("Pause"),
    "quiet": mark("Answers that still come"),
    "cool_down": mark("Cool-down"),
    "budget": mark("Budget"),
}
_PROBLEM = "active-problem"
PAUSED = {Paused.TRAINING: mark("Automatic training"), Paused.ASKING: mark("Automatic asking")}


def draw(reader: Reader, told: ActiveLearning) -> None:
    """The newest evaluation, and what it was before."""
    _ = reader.translate
    st.subheader(_("When it trains next"), anchor=False)
    _pauses(reader, told)
    if told.evaluation is None:
        st.caption(_("No trigger was evaluated yet. `trainplat up` starts what evaluates them."))
        return
    found = told.evaluation
    icon = ":material/play_circle:" if found.verdict.fires else ":material/pending:"
    st.info(sentence(found.verdict, _), icon=icon)
    rows = [_condition(one, _) for one in found.verdict.conditions]
    rows += [_guard(one, _) for one in found.verdict.guards]
    st.html(pieces.table([_("Condition"), "", _("Value and threshold"), _("Found")], rows))
    ago = wording.ago(found.seen_at, told.read_at, _)
    st.caption(_("Evaluated {ago}.").format(ago=ago))
    _by_hand(reader, told)
    with st.expander(_("What was found before"), key="expander-found-before"):
        heads = [_("Since"), _("Version"), _("Found")]
        past = [
            [
                pieces.moment(wording.ago(one.began_at, told.read_at, _), reader.stamp(one.began_at)),
                pieces.text(one.version or "–"),
                pieces.text(sentence(one.verdict, _)),
            ]
            for one in told.changes
        ]
        st.html(pieces.table(heads, past))


def _condition(row: ConditionRow, _: Translate) -> list[str]:
    name = " · " * row.depth + _(KINDS.get(row.kind, row.kind))
    state = pieces.pill(_("met"), colours.DONE) if row.met else pieces.pill(_("not met"), colours.IDLE)
    return [pieces.text(name), state, _gauge(row), pieces.text(row.said.translated(_))]


def _gauge(row: ConditionRow) -> str:
    if row.value is None:
        return "–"
    if not row.threshold:  # fewer is better, such as questions that are open
        return pieces.text(_number(row.value, row.unit))
    numbers = f"{_number(row.value, row.unit)} / {_number(row.threshold, row.unit)}"
    return gauge(100 * row.value / row.threshold, numbers, colours.DONE if row.met else colours.ACTIVE)


def _guard(row: GuardRow, _: Translate) -> list[str]:
    state = (
        pieces.pill(_("holds it back"), colours.PEOPLE) if row.holds else pieces.pill(_("free"), colours.DONE)
    )
    value = "–"
    if row.value is not None and row.threshold is not None and row.kind != "nothing_new":
        numbers = f"{_number(row.value, row.unit)} / {_number(row.threshold, row.unit)}"
        value = gauge(100 * row.value / row.threshold, numbers, colours.PEOPLE if row.holds else colours.DONE)
    return [pieces.text(_(KINDS.get(row.kind, row.kind))), state, value, pieces.text(row.said.translated(_))]


def _number(value: float, unit: str) -> str:
    return span(value) if unit == "s" else shown(round(value, 3))


def _pauses(reader: Reader, told: ActiveLearning) -> None:
    """What is paused and by whom, and the buttons."""
    _ = reader.translate
    problem = st.session_state.pop(_PROBLEM, None)
    if problem is not None:
        st.error(problem, icon=":material/error:")
    for column, what in zip(st.columns(len(Paused)), Paused, strict=True):
        with column.container(border=True):
            _pause(reader, told, what)


def _pause(reader: Reader, told: ActiveLearning, what: Paused) -> None:
    _, pause = reader.translate, told.pause(what)
    name = _(PAUSED[what])
    if pause is None:
        st.markdown(_("**{name}** is on.").format(name=name))
        key = f"pause-reason-{what}"
        with st.form(f"pause-form-{what}", border=False):
            st.text_input(_("Reason"), key=key, placeholder=_("Why it is paused"))
            st.form_submit_button(
                _("Pause"),
                icon=":material/pause:",
                key=f"pause-{what}",
                on_click=_act,
                args=(told, what, key),
            )
        return
    said = _("**{name}** is paused since {moment} by {actor}: {reason}")
    st.markdown(
        said.format(name=name, moment=reader.stamp(pause.since), actor=pause.actor, reason=pause.reason)
    )
    st.button(
        _("Resume"),
        icon=":material/play_arrow:",
        key=f"resume-{what}",
        on_click=_act,
        args=(told, what, None),
    )


def _by_hand(reader: Reader, told: ActiveLearning) -> None:
    _ = reader.translate
    waiting = [one for one in told.wishes if one.is_open]
    if waiting:
        st.success(_wish(waiting[0], _), icon=":material/back_hand:")
        return
    with st.form("wish-form", border=False):
        st.text_input(_("Why now"), key="wish-reason", placeholder=_("Why a training is wanted now"))
        st.form_submit_button(
            _("Train by hand"), icon=":material/back_hand:", key="wish", on_click=_wish_for, args=(told,)
        )
    st.caption(_("You act as {user}: this page runs as this user.").format(user=current_user()))


def _wish(wish: Wish, _: Translate) -> str:
    if wish.reason:
        return _("{actor} asked for a training: {reason}").format(actor=wish.actor, reason=wish.reason)
    return _("{actor} asked for a training.").format(actor=wish.actor)


def _act(told: ActiveLearning, what: Paused, reason_key: str | None) -> None:
    """Pause with the reason that was typed, or resume; what cannot be done is said on the page."""
    with _said():
        if reason_key is None:
            _service().resume(told.dataset, what, _me())
        else:
            _service().pause(told.dataset, what, st.session_state[reason_key], _me())


def _wish_for(told: ActiveLearning) -> None:
    with _said():
        after = newest_begun(*open_home(), told.dataset)
        _service().wish(told.dataset, after, st.session_state["wish-reason"], _me())


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except TrainplatError as problem:
        st.session_state[_PROBLEM] = problem.one_line
    st.cache_data.clear()


def _service() -> TriggerService:
    return TriggerService(open_home()[1])


def _me() -> Actor:
    """Nobody signs in here: whoever acts does so as the user of this page's process."""
    return Actor(f"user:{current_user()}")
