"""Merging a branch by hand: try it, answer each conflict, and make it the next version.

All that was tried and answered lies in the database: a page that is loaded again goes on where it was.
"""

from collections.abc import Mapping

import streamlit as st

from resources.data.merges.model import Merge
from resources.data.merges.service import MergeService
from resources.data.merging.model import How
from resources.data.versions.model import Branch
from resources.errors import TrainplatError
from resources.terms import Actor, DatasetName
from resources.texts import in_language
from resources.users import current_user
from streamlit_app import colours, frame, pieces, wording
from streamlit_app.data import conflicts
from streamlit_app.data.conflicts import Answering, place_of
from streamlit_app.data.wording import choice_in_words, how_in_words
from streamlit_app.reader import Reader
from streamlit_app.readings.history import History
from streamlit_app.readings.merging import Looked, Stand, is_open, read_merge, read_merges
from streamlit_app.readings.source import open_home

_TOLD = "merge-told"


def draw(reader: Reader, history: History) -> None:
    """The branches, and how far the merge of the chosen one is."""
    _ = reader.translate
    if told := st.session_state.pop(_TOLD, ""):
        st.success(told, icon=":material/merge:")
    merges = read_merges(*open_home(), history.dataset)
    if history.open_branches:
        _branches(reader, history, merges)
        _chosen(reader, history, merges)
    else:
        st.caption(
            _(
                "No branch is open. Who commits after somebody else was faster gets one by itself; "
                "`trainplat data branch` begins one."
            )
        )
    _past(reader, history, merges)


def _branches(reader: Reader, history: History, merges: Mapping[str, Merge]) -> None:
    _ = reader.translate
    heads = [_("Open branch"), _("User"), _("Made from"), _("Newest"), _("Since"), _("Merge")]
    rows = [
        [
            f'<span title="{pieces.text(one.name)}">{pieces.code(history.branch_name(one.name))}</span>',
            pieces.text(one.user),
            pieces.code(history.short(one.base)),
            pieces.code(history.short(one.head)) if one.head != one.base else "–",
            pieces.moment(wording.ago(one.created_at, history.read_at, _), reader.stamp(one.created_at)),
            _far(reader, one, merges.get(one.name)),
        ]
        for one in history.open_branches
    ]
    st.html(pieces.table(heads, rows))


def _far(reader: Reader, branch: Branch, merge: Merge | None) -> str:
    _, ngettext = reader.translate, reader.plural
    if branch.head == branch.base:
        return pieces.pill(_("nothing in it yet"), colours.IDLE)
    if merge is None or not is_open(merge):
        return pieces.pill(_("not tried"), colours.IDLE)
    if merge.conflicts == 0:
        return pieces.pill(_("ready"), colours.DONE)
    said = ngettext("{count} conflict", "{count} conflicts", merge.conflicts)
    return pieces.pill(said.format(count=f"{merge.conflicts:,}"), colours.PEOPLE)


def _chosen(reader: Reader, history: History, merges: Mapping[str, Merge]) -> None:
    """The branch that the address names, or somebody chooses."""
    _ = reader.translate
    open_ones = {one.name: one for one in history.open_branches}
    names = list(open_ones)
    asked = st.query_params.get("branch", "")
    index = names.index(asked) if asked in open_ones else 0
    name = st.selectbox(_("Branch"), names, index=index, key=f"branch-{history.dataset}")
    st.query_params["branch"] = name
    service = MergeService(*open_home())
    merge = merges.get(name)
    if open_ones[name].head == open_ones[name].base:
        st.caption(_("Nothing was committed to it yet, so there is nothing to merge."))
        return
    if merge is None or not is_open(merge):
        st.caption(_("Where it is clean, it becomes the next version. Else its conflicts are shown here."))
        if st.button(_("Try to merge"), icon=":material/merge:", type="primary"):
            _merge(reader, service, history.dataset, name)
        return
    main = next(one.key for one in reversed(history.versions) if one.branch is None)
    answers = len(service.answers(history.dataset, name))
    heads = main, open_ones[name].head
    looked = _look(Stand(frame.place(), history.dataset, name, heads, merge.changed_at, answers))
    _state(reader, history, service, looked)
    conflicts.draw(Answering(reader, open_home()[0], service, looked.merge, _me()), history, looked)
    _answered(reader, looked)


@st.cache_resource(max_entries=8, show_spinner=False)
def _look(stand: Stand) -> Looked:
    """What the merge comes to, which takes as long as there are files: not for each touch of the page."""
    return read_merge(*open_home(), stand.dataset, stand.branch)


def _merge(reader: Reader, service: MergeService, dataset: DatasetName, branch: str) -> None:
    _ = reader.translate
    try:
        with st.spinner(_("Merging …")):
            tried = service.merge(dataset, branch, _me())
    except TrainplatError as problem:
        said = in_language(problem.problem, _), in_language(problem.next_step, _)
        st.error("\n\n".join(said), icon=":material/error:")
        return
    if tried.version is not None:
        told = [_("{branch} is merged as {version}.").format(branch=branch, version=tried.version.key)]
        if any(one.breaks for one in tried.schema_changes):
            told.append(_("It breaks those who read {version}.").format(version=tried.merge.ours))
        st.session_state[_TOLD] = " ".join(told)
    st.cache_data.clear()
    st.rerun()


def _state(reader: Reader, history: History, service: MergeService, looked: Looked) -> None:
    _, ngettext = reader.translate, reader.plural
    merge, left = looked.merge, len(looked.conflicts)
    frame.show_numbers(
        {
            _("Conflicts left"): f"{left:,}",
            _("Answered"): f"{len(looked.resolved):,}",
            _("Ours"): history.short(merge.ours),
            _("Theirs"): history.short(merge.theirs),
        }
    )
    counts = [f"{how_in_words(how, _)}: {looked.counts[how]:,}" for how in How if looked.counts.get(how)]
    st.caption(
        _("Files that are not as in {base}:").format(base=history.short(merge.base))
        + " "
        + _(", ").join(counts)
    )
    if left:
        said = ngettext("{count} conflict is left to answer.", "{count} conflicts are left to answer.", left)
        st.info(said.format(count=f"{left:,}"), icon=":material/pending_actions:")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(_("Merge"), icon=":material/merge:", type="primary", disabled=left > 0):
            _merge(reader, service, merge.dataset, merge.branch)
        if st.button(_("Give the merge up"), icon=":material/close:"):
            service.give_up(merge.dataset, merge.branch, _me())
            st.rerun()
        st.caption(_("You act as {user}: this page runs as this user.").format(user=current_user()))


def _answered(reader: Reader, looked: Looked) -> None:
    _ = reader.translate
    for unused in looked.unused:
        st.warning(in_language(unused.why, _), icon=":material/warning:")
    if not looked.answers:
        return
    places = {one.conflict.id: place_of(one.conflict, reader) for one in looked.resolved}
    with st.expander(
        _("Answers given so far: {count}").format(count=f"{len(looked.answers):,}"), key="expander-answers"
    ):
        rows = [
            [
                pieces.text(places.get(one.resolution.conflict or "", one.resolution.glob or "–")),
                pieces.text(choice_in_words(one.resolution.choice, _)),
                pieces.text(one.resolution.value or ""),
                pieces.text(one.given_by.removeprefix("user:")),
                pieces.text(reader.stamp(one.given_at)),
            ]
            for one in looked.answers
        ]
        st.html(pieces.table([_("Conflict"), _("Answer"), _("Value"), _("By"), _("When")], rows))


def _past(reader: Reader, history: History, merges: Mapping[str, Merge]) -> None:
    _ = reader.translate
    merged = [one for one in merges.values() if one.merged_as]
    if not merged:
        return
    with st.expander(_("Merged before: {count}").format(count=f"{len(merged):,}"), key="expander-merged"):
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


def _me() -> Actor:
    """Nobody signs in here: whoever answers does so as the user of this page's process."""
    return Actor(f"user:{current_user()}")
