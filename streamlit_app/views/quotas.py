"""Quotas: who is owed how much, what of it is used, borrowed and lent, and an editor with a preview."""

import streamlit as st

from resources.gpu.lending_store import LendsNow
from resources.gpu.policy.amounts import ANY_DEVICE, HOST_MEMORY_MIB, Resource, shown
from resources.gpu.policy.quota_lines import SCOPES
from resources.gpu.policy.quota_model import Party, QuotaRow, Scope
from resources.gpu.service import GpuService
from resources.texts import Translate, mark
from streamlit_app import colours, frame, pieces
from streamlit_app.gpu import bars, quota_editor
from streamlit_app.gpu.bars import Bar
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.quotas import Branch, Quotas, read_quotas
from streamlit_app.readings.source import open_home

NAMES = {
    "*": mark("Devices of any kind"),
    "cpu_milli": mark("CPUs"),
    "host_memory_mib": mark("Main memory"),
}
_MIB_PER_GIB = 1024


def page() -> None:
    """Draw the page, and keep the figures fresh; the editor is left alone while somebody types."""
    frame.live(_draw, "quotas")
    reader = current_reader()
    with frame.quiet(reader):
        GpuService(open_home()[1]).quotas()
        quota_editor.draw(reader)


@frame.cached
def _read(_place: str) -> Quotas:
    return read_quotas(*open_home())


def _draw() -> None:
    frame.show(mark("Quotas"), _read, _parts)


def _parts(reader: Reader, quotas: Quotas) -> None:
    _ = reader.translate
    if not quotas.rows.quotas:
        _nothing_set(_)
        return
    _numbers(reader, quotas)
    st.html(bars.keys(_keys(_), colours.ACTIVE))
    for resource, branches in quotas.by_resource.items():
        st.subheader(_(NAMES.get(resource, resource)), anchor=False)
        st.html(_table(reader, quotas, resource, branches))


def _nothing_set(_: Translate) -> None:
    with st.container(border=True):
        st.subheader(_("No quota is set"), anchor=False)
        st.markdown(_("Everybody may use everything. Set who is owed how much below, or with a file:"))
        st.code("trainplat gpu quota set quotas.yaml --dry-run", language="bash")


def _numbers(reader: Reader, quotas: Quotas) -> None:
    _ = reader.translate
    lines = [one.line for one in quotas.by_resource.get(ANY_DEVICE, ())]
    tops = [line for line in lines if line.parent is None]
    projects = {row.party.name for row in quotas.rows.quotas if row.party.scope is Scope.PROJECT}
    owed = f"{sum(line.nominal or 0 for line in tops) / 1000:g}" if tops else "–"
    frame.show_numbers(
        {
            _("Projects with a quota"): f"{len(projects):,}",
            _("Devices owed"): owed,
            _("Devices borrowed"): f"{quotas.borrowed_milli / 1000:g}",
        }
    )


def _keys(_: Translate) -> dict[str, str]:
    return {
        "used": _("used"),
        "borrowed": _("borrowed: used above what it is owed"),
        "nominal": _("owed, and free"),
        "lent": _("lent: used by others"),
        "limit": _("could be borrowed, up to the limit"),
        "mark": _("what it is owed"),
    }


def _table(reader: Reader, quotas: Quotas, resource: Resource, branches: tuple[Branch, ...]) -> str:
    _ = reader.translate
    full = max((_bar(one).length for one in branches), default=0)
    heads = [_("Party"), "", _("Used"), _("Owed"), _("Borrowed"), _("Lent"), _("Limit")]
    rows = []
    for one in branches:
        account = one.line.account
        figures = _bar(one)
        told = {
            _("used"): amount(resource, account.used),
            _("owed"): amount(resource, one.line.nominal),
            _("borrowed"): amount(resource, figures.borrowed) if figures.borrowed else "–",
            _("lent"): amount(resource, figures.lent) if figures.lent else "–",
            _("limit"): amount(resource, one.line.limit) if one.line.limit is not None else _("no limit"),
        }
        title = f"{_named(account.party, _)}: " + _(", ").join(
            f"{key} {value}" for key, value in told.items()
        )
        name = pieces.text(account.party.user or account.party.name) + pieces.small(
            _row(one.line.row, one, _)
        )
        lends = quotas.lending.get((account.party, resource))
        if lends is not None:
            name += _lends(resource, lends, _)
        rows.append(
            [
                bars.indented(name, one.depth),
                bars.bar(figures, full, _tone(account.party), title),
                *(pieces.text(value) for value in told.values()),
            ]
        )
    return pieces.table(heads, rows, numbers=frozenset({2, 3, 4, 5, 6}))


def _bar(one: Branch) -> Bar:
    account = one.line.account
    nominal = one.line.nominal or 0
    return Bar(account.used, nominal, one.line.borrowed, one.line.lent, one.line.limit)


def _row(row: QuotaRow | None, one: Branch, _: Translate) -> str:
    """Whose line it is, and the limits that its row sets."""
    party = one.line.account.party
    said = [_(SCOPES[party.scope])]
    if row is not None and row.borrowing_limit is not None:
        said.append(_("borrows at most {amount}").format(amount=amount(row.resource, row.borrowing_limit)))
    if row is not None and row.lending_limit is not None:
        said.append(_("lends at most {amount}").format(amount=amount(row.resource, row.lending_limit)))
    if one.line.weight != 1:
        said.append(_("weight {weight}").format(weight=f"{one.line.weight:g}"))
    return " · ".join(said)


def _lends(resource: Resource, lends: LendsNow, _: Translate) -> str:
    """What the rules of lending made of its limit, and why."""
    said = _("lends at most {amount} now").format(amount=amount(resource, lends.limit))
    why = f"{lends.reason.rule}: {lends.reason.translated(_)}"
    return pieces.small(f"{said} ({why})")


def amount(resource: Resource, value: int | None) -> str:
    """An amount without the name of what it is of."""
    if value is None:
        return "–"
    if resource == HOST_MEMORY_MIB:
        return f"{value / _MIB_PER_GIB:g} GiB"
    return shown(ANY_DEVICE, value)


def _named(party: Party, _: Translate) -> str:
    return f"{_(SCOPES[party.scope])} {party.path}"


def _tone(party: Party) -> str:
    return colours.IDLE if party.scope is Scope.COHORT else colours.of_owner(party.name)


if __name__ == "__main__":
    page()
