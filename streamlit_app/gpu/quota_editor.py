"""The editor of quotas: a table that people edit, what it would change, and then the button that sets it.

What was typed lies in the session until it is set or thrown away: neither a bad row nor a refusal loses it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import streamlit as st

from resources.errors import Conflict, TrainplatError
from resources.gpu.duties.foresight import QuotaPreview
from resources.gpu.policy.amounts import shown
from resources.gpu.policy.quota_model import Borrower, QuotaRows, Scope
from resources.gpu.policy.quota_table import BadTable, TableRow, rows_of, table_of
from resources.gpu.service import GpuService
from resources.terms import Actor
from resources.texts import Translate
from resources.users import current_user
from streamlit_app import frame, pieces
from streamlit_app.gpu import quota_costs
from streamlit_app.gpu.quota_costs import QuotaCosts
from streamlit_app.gpu.wording import called, whom_in_words
from streamlit_app.reader import Reader
from streamlit_app.readings.source import open_home

_KEY = "quota-editor"
_COLUMNS = tuple(one.name for one in fields(TableRow))


@dataclass(frozen=True)
class Work:
    """What somebody edits."""

    seen: QuotaRows
    """The quotas that held when they began."""
    table: tuple[TableRow, ...]
    problems: Mapping[int, str]
    """By the number of the row."""
    version: int = 0
    """Of the widget: a table that comes from us gets a new one."""
    preview: QuotaPreview | None = None
    rows: QuotaRows | None = None
    """What the preview is of."""
    costs: QuotaCosts | None = None
    refusal: str = ""


def draw(reader: Reader) -> None:
    """The editor, closed until somebody wants it."""
    _ = reader.translate
    st.subheader(_("Change quotas"), anchor=False)
    with frame.guarded(reader):
        if _KEY not in st.session_state:
            st.button(_("Edit"), icon=":material/edit:", on_click=_begin)
            return
        _edit(reader)


def typed(work: Work, table: Sequence[TableRow]) -> Work:
    """The same with these rows in the place of all; a preview of others goes."""
    return replace(
        work, table=tuple(table), problems={}, preview=None, rows=None, refusal="", version=work.version + 1
    )


def _begin() -> None:
    seen = _service().quotas()
    st.session_state[_KEY] = Work(seen, table_of(seen), {})


def _edit(reader: Reader) -> None:
    _ = reader.translate
    work: Work = st.session_state[_KEY]
    st.caption(
        _(
            "A row for each party and resource: a model such as V100, * for any device, cpus, or memory with "
            "its unit, such as 64G. An empty limit does not limit. Nothing is written before you set it."
        )
    )
    edited = st.data_editor(
        _cells(work),
        num_rows="dynamic",
        hide_index=True,
        column_config=_columns(_, with_problems=bool(work.problems)),
        key=f"{_KEY}-{work.version}",
    )
    table = _rows(edited)
    if work.preview is not None and table != work.table:
        work = replace(work, preview=None, rows=None)
        st.session_state[_KEY] = replace(work, table=work.table)
    buttons = st.container(horizontal=True)
    if buttons.button(_("Preview"), icon=":material/preview:", type="primary"):
        st.session_state[_KEY] = _looked_over(work, table)
        st.rerun()
    if buttons.button(_("Throw away"), icon=":material/undo:"):
        del st.session_state[_KEY]
        st.rerun()
    if work.problems:
        for number, problem in work.problems.items():
            st.error(_("Row {row}: {problem}").format(row=number + 1, problem=problem))
    if work.refusal:
        st.error(work.refusal, icon=":material/error:")
    if work.preview is not None and work.rows is not None:
        _show(reader, work.preview, work.costs)
        _confirm(reader, work)


def _looked_over(work: Work, table: tuple[TableRow, ...]) -> Work:
    after = typed(work, table)
    try:
        rows = rows_of(table, work.seen)
        preview = _service().preview_quotas(rows)
        return replace(after, rows=rows, preview=preview, costs=quota_costs.read_costs(preview, rows))
    except BadTable as bad:
        problems: dict[int, str] = {}
        for one in bad.at_rows:
            problems[one.row] = "; ".join(filter(None, (problems.get(one.row), one.problem)))
        return replace(after, problems=problems, refusal="; ".join(bad.rest))


def _show(reader: Reader, preview: QuotaPreview, costs: QuotaCosts | None) -> None:
    _ = reader.translate
    st.markdown(f"**{_('What this would change')}**")
    if not preview.changes:
        st.caption(_("These quotas hold already."))
        return
    heads = [_("Party"), _("What"), _("Now"), _("Then")]
    rows = [
        [
            pieces.text(str(one.party.path)),
            pieces.text(one.what),
            pieces.text(one.before or "–"),
            pieces.text(one.after or "–"),
        ]
        for one in preview.changes
    ]
    st.html(pieces.table(heads, rows))
    left, right = st.columns(2, gap="medium")
    with left:
        _show_stops(reader, preview)
    with right:
        if costs is not None:
            quota_costs.draw(reader, costs)
    for one in preview.over:
        text = _("{who} is {amount} over its limit: it gets nothing new until it is below.")
        st.warning(_about(one, text))
    for one in preview.borrowers:
        text = _("{who} borrows {amount}: it gives this back when whoever is owed it asks.")
        st.info(_about(one, text))


def _show_stops(reader: Reader, preview: QuotaPreview) -> None:
    _, ngettext = reader.translate, reader.plural
    st.markdown(f"**{_('Who would make room')}**")
    if preview.stops:
        count = len(preview.stops)
        text = ngettext("{count} run would make room:", "{count} runs would make room:", count)
        st.warning(text.format(count=count), icon=":material/swap_horiz:")
        heads = [_("Run"), _("Owner"), _("For"), _("Because")]
        rows = [
            [
                pieces.code(called(one.run_id)),
                pieces.text(f"{one.owner.project} · {one.owner.user}"),
                pieces.text(whom_in_words(one.for_run, _)),
                pieces.text(f"{one.why.rule}: {one.why.translated(_)}"),
            ]
            for one in preview.stops
        ]
        st.html(pieces.table(heads, rows))
    else:
        st.success(_("No run would make room now."), icon=":material/check:")
    if preview.starts:
        count = len(preview.starts)
        text = ngettext("{count} run that waits would start.", "{count} runs that wait would start.", count)
        st.info(text.format(count=count), icon=":material/play_arrow:")


def _confirm(reader: Reader, work: Work) -> None:
    _ = reader.translate
    if not work.preview or not work.preview.changes or work.rows is None:
        return
    sure = st.checkbox(_("I have read what this changes"), key=f"{_KEY}-sure-{work.version}")
    if not st.button(_("Set these quotas"), icon=":material/save:", disabled=not sure):
        return
    try:
        _service().set_quotas(work.rows, Actor(f"user:{current_user()}"), seen=work.seen)
    except Conflict:
        refusal = _(
            "Somebody else has changed the quotas meanwhile; nothing was written. What you typed is still "
            "here: note it, throw it away, and edit the quotas that hold now."
        )
        st.session_state[_KEY] = replace(work, refusal=refusal, preview=None, rows=None)
    except TrainplatError as problem:
        told = f"{problem.problem}. {problem.next_step}"
        st.session_state[_KEY] = replace(work, refusal=told, preview=None, rows=None)
    else:
        del st.session_state[_KEY]
        st.cache_data.clear()
        st.toast(_("The quotas are set."), icon=":material/check:")
    st.rerun()


def _cells(work: Work) -> list[dict[str, Any]]:
    """The table as the widget takes it; an empty one keeps its columns by one empty row."""
    table = work.table or (TableRow(),)
    rows = []
    for number, row in enumerate(table):
        cells: dict[str, Any] = {**asdict(row), "scope": row.scope or None}
        rows.append({"problem": work.problems.get(number), **cells} if work.problems else cells)
    return rows


def _rows(edited: list[dict[str, Any]]) -> tuple[TableRow, ...]:
    found = []
    for cells in edited:
        told = {name: cells.get(name) for name in _COLUMNS}
        row = {name: "" if value is None else str(value).strip() for name, value in told.items()}
        found.append(TableRow(**row))
    return tuple(one for one in found if not one.is_empty)


def _columns(_: Translate, *, with_problems: bool) -> dict[str, Any]:
    text = st.column_config.TextColumn
    columns: dict[str, Any] = {
        "scope": st.column_config.SelectboxColumn(_("Scope"), options=list(Scope), required=True),
        "name": text(_("Name"), width=110, help=_("Of the cohort or project; * for every other project.")),
        "user": text(_("User"), help=_("For the scope user only; * for every other user.")),
        "cohort": text(_("In cohort"), help=_("Empty: it shares with nobody.")),
        "weight": text(_("Weight"), help=_("Of two siblings, twice the weight is due twice as much.")),
        "resource": text(_("Resource"), help=_("A model such as V100, *, cpus or memory.")),
        "nominal": text(_("Owed")),
        "borrowing_limit": text(_("Borrows at most"), help=_("Empty: as much as others leave unused.")),
        "lending_limit": text(_("Lends at most"), help=_("Empty: all that it leaves unused.")),
    }
    if with_problems:
        columns["problem"] = text("⚠", disabled=True, width="medium")
    return columns


def _about(one: Borrower, text: str) -> str:
    return text.format(who=one.party.path, amount=shown(one.resource, one.borrowed))


def _service() -> GpuService:
    return GpuService(open_home()[1])
