"""Merging a branch by hand: try it, answer each conflict, and make it the next version.

All that was tried and answered lies in the database: a page that is loaded again goes on where it was.
"""

import re
from collections.abc import Sequence

import streamlit as st

from resources.data.merges.model import Answer, MergeState, Tried
from resources.data.merges.service import MergeService
from resources.data.merging.model import Choice, Conflict, How, Resolution
from resources.data.merging.sentences import shown_path
from resources.errors import TrainplatError
from resources.home import Home
from resources.terms import Actor, DatasetName
from resources.texts import in_language
from resources.users import current_user
from streamlit_app import frame, pieces, wording
from streamlit_app.data.differences import show_picture
from streamlit_app.data.wording import choice_in_words
from streamlit_app.reader import Reader
from streamlit_app.readings.changes import is_picture, picture_of
from streamlit_app.readings.history import History
from streamlit_app.readings.source import open_home

CONFLICTS_TO_A_PAGE = 10
_MD5 = re.compile(r"[0-9a-f]{32}")
_TOLD = "merge-told"


def draw(reader: Reader, history: History) -> None:
    """The branch that is chosen, and how far its merge is."""
    _ = reader.translate
    if told := st.session_state.pop(_TOLD, ""):
        st.success(told, icon=":material/merge:")
    _past(reader, history)
    if not history.open_branches:
        st.caption(
            _(
                "No branch is open. Who commits after somebody else was faster gets one by itself; "
                "`trainplat data branch` begins one."
            )
        )
        return
    names = [one.name for one in history.open_branches]
    branch = st.selectbox(_("Branch"), names, key=f"branch-{history.dataset}")
    home, database = open_home()
    service = MergeService(home, database)
    kept = {one.branch: one for one in service.merges(history.dataset)}
    before = kept.get(branch)
    if before is None or before.state is not MergeState.OPEN:
        st.caption(_("Where it is clean, it becomes the next version. Else its conflicts are shown here."))
        if st.button(_("Try to merge"), icon=":material/merge:", type="primary"):
            _merge(reader, service, history.dataset, branch)
        return
    tried = service.look(history.dataset, branch)
    _state(reader, history, service, tried)
    _conflicts(reader, home, service, tried)
    _answered(reader, service.answers(history.dataset, branch), tried)


def _merge(reader: Reader, service: MergeService, dataset: DatasetName, branch: str) -> None:
    _ = reader.translate
    try:
        tried = service.merge(dataset, branch, _me())
    except TrainplatError as problem:
        said = in_language(problem.problem, _), in_language(problem.next_step, _)
        st.error("\n\n".join(said), icon=":material/error:")
        return
    if tried.version is not None:
        st.session_state[_TOLD] = _("{branch} is merged as {version}.").format(
            branch=branch, version=tried.version.key
        )
    st.cache_data.clear()
    st.rerun()


def _state(reader: Reader, history: History, service: MergeService, tried: Tried) -> None:
    _, ngettext = reader.translate, reader.plural
    merge, left = tried.merge, len(tried.conflicts)
    frame.show_numbers(
        {
            _("Conflicts left"): f"{left:,}",
            _("Answered"): f"{len(tried.outcome.resolved):,}",
            _(
                "Files merged"
            ): f"{sum(count for how, count in tried.outcome.counts.items() if how is not How.OPEN):,}",
            _("Ours"): history.short(merge.ours),
            _("Theirs"): history.short(merge.theirs),
            _("Both made from"): history.short(merge.base),
        }
    )
    buttons = st.container(horizontal=True)
    if left:
        said = ngettext("{count} conflict is left to answer.", "{count} conflicts are left to answer.", left)
        st.info(said.format(count=f"{left:,}"), icon=":material/pending_actions:")
    elif buttons.button(_("Merge"), icon=":material/merge:", type="primary"):
        _merge(reader, service, merge.dataset, merge.branch)
    if buttons.button(_("Give the merge up"), icon=":material/close:"):
        service.give_up(merge.dataset, merge.branch, _me())
        st.rerun()


def _conflicts(reader: Reader, home: Home, service: MergeService, tried: Tried) -> None:
    page = frame.page_of(reader, len(tried.conflicts), CONFLICTS_TO_A_PAGE, "conflicts")
    for one in tried.conflicts[page]:
        with st.container(border=True, key=f"conflict-{one.id}"):
            st.markdown(f"**{_escaped(_place(reader, one))}**")
            st.caption(_escaped(in_language(one.sentence, reader.translate)))
            _sides(reader, home, one)
            _choose(reader, service, tried, one)


def _sides(reader: Reader, home: Home, one: Conflict) -> None:
    _ = reader.translate
    whole_file = one.record is None and one.field is None
    named = {_("It was"): one.base, _("Ours"): one.ours, _("Theirs"): one.theirs}
    for column, (name, value) in zip(st.columns(3), named.items(), strict=True):
        with column:
            st.caption(name)
            if value is None:
                st.markdown(_("*not there*"))
            elif whole_file and is_picture(one.path) and _MD5.fullmatch(value):
                show_picture(reader, picture_of(home, value), is_there=True)
            else:
                st.code(value, language=None, wrap_lines=True)


def _choose(reader: Reader, service: MergeService, tried: Tried, one: Conflict) -> None:
    _ = reader.translate
    buttons = st.container(horizontal=True)
    for choice in one.choices:
        if choice is Choice.GIVEN:
            continue
        if buttons.button(choice_in_words(choice, _), key=f"{choice.value}-{one.id}"):
            _answer(reader, service, tried, Resolution(choice, conflict=one.id))
    if Choice.GIVEN not in one.choices:
        return
    with buttons.popover(choice_in_words(Choice.GIVEN, _)):
        value = st.text_input(
            _("Value"),
            key=f"value-{one.id}",
            help=_(
                "JSON for a field or a record of JSON, the text of a cell for a CSV file, and for a file the "
                "MD5 of an object that is in the store."
            ),
        )
        if st.button(_("Answer with this"), key=f"given-{one.id}", disabled=not value):
            _answer(reader, service, tried, Resolution(Choice.GIVEN, conflict=one.id, value=value))


def _answer(reader: Reader, service: MergeService, tried: Tried, given: Resolution) -> None:
    """Nobody signs in here: whoever answers does so as the user of this page's process."""
    _ = reader.translate
    try:
        service.answer(tried.merge.dataset, tried.merge.branch, [given], _me())
    except TrainplatError as problem:
        st.error(in_language(problem.problem, _), icon=":material/error:")
        return
    st.rerun()


def _answered(reader: Reader, answers: Sequence[Answer], tried: Tried) -> None:
    _ = reader.translate
    for unused in tried.outcome.unused:
        st.warning(in_language(unused.why, _), icon=":material/warning:")
    if not answers:
        return
    places = {one.conflict.id: _place(reader, one.conflict) for one in tried.outcome.resolved}
    with st.expander(_("Answers given so far: {count}").format(count=f"{len(answers):,}")):
        rows = [
            [
                pieces.text(places.get(one.resolution.conflict or "", one.resolution.glob or "–")),
                pieces.text(choice_in_words(one.resolution.choice, _)),
                pieces.text(one.resolution.value or ""),
                pieces.text(one.given_by.removeprefix("user:")),
                pieces.text(reader.stamp(one.given_at)),
            ]
            for one in answers
        ]
        st.html(pieces.table([_("Conflict"), _("Answer"), _("Value"), _("By"), _("When")], rows))


def _past(reader: Reader, history: History) -> None:
    _ = reader.translate
    home, database = open_home()
    merged = [one for one in MergeService(home, database).merges(history.dataset) if one.merged_as]
    if not merged:
        return
    with st.expander(_("Merged before: {count}").format(count=f"{len(merged):,}")):
        rows = [
            [
                pieces.code(one.branch),
                pieces.code(one.merged_as or ""),
                pieces.text(one.begun_by.removeprefix("user:")),
                pieces.moment(wording.ago(one.changed_at, history.read_at, _), reader.stamp(one.changed_at)),
            ]
            for one in merged
        ]
        st.html(pieces.table([_("Branch"), _("Merged as"), _("By"), _("When")], rows))


def _place(reader: Reader, one: Conflict) -> str:
    _ = reader.translate
    told = [shown_path(one.path)]
    told += [_("record {record}").format(record=one.record)] if one.record is not None else []
    told += [_("field {field}").format(field=one.field)] if one.field is not None else []
    return " · ".join(told)


def _escaped(text: str) -> str:
    """Text of others inside Markdown."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|~$:])", r"\\\1", text)


def _me() -> Actor:
    return Actor(f"user:{current_user()}")
