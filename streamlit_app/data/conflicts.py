"""The conflicts of one merge: each with what both sides have, and the answers that one may give."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from resources.data.merges.model import Merge
from resources.data.merges.service import MergeService
from resources.data.merging.model import Choice, Conflict, Resolution
from resources.data.merging.sentences import shown_path
from resources.errors import TrainplatError
from resources.home import Home
from resources.terms import Actor
from resources.texts import in_language
from streamlit_app import colours, frame, pieces
from streamlit_app.data import sides, thumbnails
from streamlit_app.data.wording import choice_in_words, conflict_in_words
from streamlit_app.reader import Reader
from streamlit_app.readings.history import History
from streamlit_app.readings.merging import Looked, by_record, meant_by, patterns_for

CONFLICTS_TO_A_PAGE = 10
_PLAIN = (Choice.OURS, Choice.THEIRS, Choice.BOTH)
_ANSWERS_AT_ONCE = (Choice.OURS, Choice.THEIRS, Choice.BASE)


@dataclass(frozen=True)
class Answering:
    """The merge that is answered, and by whom."""

    reader: Reader
    home: Home
    service: MergeService
    merge: Merge
    actor: Actor

    def answer(self, given: Resolution) -> None:
        """Write an answer down, and draw the page again."""
        try:
            self.service.answer(self.merge.dataset, self.merge.branch, [given], self.actor)
        except TrainplatError as problem:
            st.error(in_language(problem.problem, self.reader.translate), icon=":material/error:")
            return
        st.rerun()


def draw(to: Answering, history: History, looked: Looked) -> None:
    """Answers to many at once, and the conflicts one by one; those that are answered can be answered anew."""
    _ = to.reader.translate
    if len(looked.conflicts) > 1:
        _at_once(to, looked)
    answered = {one.conflict.id: one.resolution for one in looked.resolved}
    shown = looked.conflicts
    if answered:
        left, done = _("Left: {count}"), _("Answered: {count}")
        names = {
            "left": left.format(count=f"{len(looked.conflicts):,}"),
            "done": done.format(count=f"{len(answered):,}"),
        }
        which = st.segmented_control(
            _("Conflicts"),
            list(names),
            default="left",
            required=True,
            format_func=names.__getitem__,
            key=f"which-{to.merge.branch}",
            label_visibility="collapsed",
        )
        shown = looked.conflicts if which != "done" else tuple(one.conflict for one in looked.resolved)
    groups = by_record(shown)
    heads = [
        f"{name} · {history.short(key)}"
        for name, key in (
            (_("It was"), to.merge.base),
            (_("Ours"), to.merge.ours),
            (_("Theirs"), to.merge.theirs),
        )
    ]
    for group in groups[frame.page_of(to.reader, len(groups), CONFLICTS_TO_A_PAGE, "conflicts")]:
        with st.container(border=True, key=f"conflict-{group[0].id}"):
            st.html(_head(to.reader, group, looked.pictures.get(group[0].record or "")))
            for one in group:
                _one(to, one, heads, answered.get(one.id))


def _at_once(to: Answering, looked: Looked) -> None:
    _, conflicts = to.reader.translate, looked.conflicts
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        glob = st.selectbox(
            _("Answer all at once whose path is like"),
            patterns_for(conflicts),
            accept_new_options=True,
            key=f"pattern-{to.merge.branch}-{len(looked.answers)}",
            help=_(
                "As in .gitignore: *.csv in any folder, labels/** all below one. You may write another one."
            ),
            width=300,
        )
        count = meant_by(glob, conflicts) if glob else 0
        for choice in _ANSWERS_AT_ONCE:
            said = _("{choice} ({count})").format(choice=choice_in_words(choice, _), count=f"{count:,}")
            if st.button(said, key=f"all-{choice.value}", disabled=not count):
                to.answer(Resolution(choice, glob=glob))


def _head(reader: Reader, group: Sequence[Conflict], picture: str | None) -> str:
    """What a group is about; ``picture`` is the MD5 of that of its record, where it has one."""
    _ = reader.translate
    first = group[0]
    place = pieces.code(shown_path(first.path))
    if first.record is not None:
        place += " · " + pieces.text(_("record {record}").format(record=first.record))
    said = dict.fromkeys(conflict_in_words(one.kind, _) for one in group)
    reasons = dict.fromkeys(in_language(one.reason, _) for one in group if one.reason)
    pill = "".join(pieces.pill(words, colours.PEOPLE) for words in said)
    why = "".join(pieces.small(reason) for reason in reasons)
    shown = "" if picture is None else thumbnails.picture(picture, first.record or "", _)
    return (
        f'<div class="tp-shot-head"><span class="tp-about">{shown}<span>{place}</span></span>'
        f"<span>{pill}</span></div>{why}"
    )


def _one(to: Answering, one: Conflict, heads: Sequence[str], answer: Resolution | None) -> None:
    _ = to.reader.translate
    if one.field is not None:
        st.html(f"<b>{pieces.text(_('field {field}').format(field=one.field))}</b>")
    with frame.guarded(to.reader):  # what is damaged can be answered all the same
        st.html(sides.html(to.home, one, heads, _))
    buttons = st.container(horizontal=True)
    for choice in one.choices:
        if choice in _PLAIN:
            with buttons:
                _button(to, one, choice, answer)
    with buttons.popover(choice_in_words(Choice.GIVEN, _)):
        for choice in one.choices:
            if choice not in (*_PLAIN, Choice.GIVEN):
                _button(to, one, choice, answer)
        if Choice.GIVEN in one.choices:
            _given(to, one)


def _button(to: Answering, one: Conflict, choice: Choice, answer: Resolution | None) -> None:
    is_answer = answer is not None and answer.choice is choice
    said = choice_in_words(choice, to.reader.translate)
    icon = ":material/check:" if is_answer else None
    if st.button(said, key=f"{choice.value}-{one.id}", icon=icon, disabled=is_answer):
        to.answer(Resolution(choice, conflict=one.id))


def _given(to: Answering, one: Conflict) -> None:
    _ = to.reader.translate
    value = st.text_input(
        _("Value"),
        key=f"value-{one.id}",
        help=_(
            "JSON for a field or a record of JSON, the text of a cell for a CSV file, and for a file the "
            "MD5 of an object that is in the store."
        ),
    )
    if st.button(_("Answer with this"), key=f"given-{one.id}", disabled=not value):
        to.answer(Resolution(Choice.GIVEN, conflict=one.id, value=value))


def place_of(one: Conflict, reader: Reader) -> str:
    """Where a conflict is, on one line."""
    _ = reader.translate
    told = [shown_path(one.path)]
    told += [_("record {record}").format(record=one.record)] if one.record is not None else []
    told += [_("field {field}").format(field=one.field)] if one.field is not None else []
    return " · ".join(told)
