"""What would happen to a request that came now: a form, read while somebody types, and the answer."""

import streamlit as st

from resources.errors import TrainplatError
from resources.gpu.duties.simulation import Outcome, Simulation
from resources.gpu.model import Owner, Terms
from resources.gpu.requests.errors import BadGpuRequest
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.model import GpuRequest
from resources.gpu.requests.vendor_file import home_vendors
from resources.gpu.service import GpuService
from resources.gpu.usage.prices import home_prices
from resources.texts import in_language, mark
from resources.users import current_user
from streamlit_app import colours, frame, pieces, reasons, wording
from streamlit_app.gpu import wording as said
from streamlit_app.reader import Reader
from streamlit_app.readings.source import open_home

OUTCOMES = {
    Outcome.GRANTED: mark("It would start at once."),
    Outcome.MAKES_ROOM: mark("Others would make room for it."),
    Outcome.WAITS: mark("It would wait."),
}
_TONES = {
    Outcome.GRANTED: colours.DONE,
    Outcome.MAKES_ROOM: colours.PEOPLE,
    Outcome.WAITS: colours.IDLE,
}
_HOUR_S = 3600
_MOST_PRIORITY = 1000


def draw(reader: Reader, projects: tuple[str, ...]) -> None:
    """The form, and below it the answer."""
    _ = reader.translate
    st.subheader(_("Simulate my job"), anchor=False)
    with frame.guarded(reader):
        row = st.container(horizontal=True, vertical_alignment="bottom")
        text = row.text_input(_("Request"), key="ask", placeholder="2(V100)", width=220)
        project = row.selectbox(
            _("Project"),
            projects,
            key="ask-project",
            accept_new_options=True,
            index=None,
            placeholder=_("choose or type one"),
            width=200,
        )
        priority = row.number_input(
            _("Priority"), -_MOST_PRIORITY, _MOST_PRIORITY, 0, key="ask-priority", width=140
        )
        hours = row.number_input(
            _("Longest run, in hours"),
            0.0,
            None,
            None,
            key="ask-hours",
            placeholder=_("not declared"),
            width=190,
        )
        stops = row.checkbox(_("Makes room for others"), key="ask-preemptible")
        request = _parsed(reader, text or "")
        asked = st.button(_("Simulate"), icon=":material/science:", disabled=request is None or not project)
        if asked and request is not None and project:
            longest_s = hours * _HOUR_S if hours else None
            terms = Terms(priority=int(priority), preemptible=stops, max_runtime_s=longest_s)
            answer(reader, text or "", Owner(project, current_user()), terms)


def _parsed(reader: Reader, text: str) -> GpuRequest | None:
    """What the text means, or where it stops meaning anything."""
    _ = reader.translate
    if not text.strip():
        st.caption(_("Such as `2`, `2(V100)`, `0.5`, `8G,0.5(V100)` or `A100:80GB:2`."))
        return None
    try:
        request = parse_request(text, home_vendors())
    except BadGpuRequest as refusal:
        at = max(0, refusal.position - 1)
        st.code(f"{text}\n{' ' * at}^", language=None)
        told = _("Position {position}: expected {expected}.")
        st.error(told.format(position=refusal.position, expected=in_language(refusal.expected, _)))
        return None
    means = said.request_in_words(request, _, reader.plural)
    st.caption(
        " ".join(
            filter(None, (_("Means: {meaning}.").format(meaning=means), said.apart_in_words(request, _)))
        )
    )
    return request


def answer(reader: Reader, text: str, owner: Owner, terms: Terms) -> None:
    """What would happen to a request that came now, or why it would be refused."""
    _ = reader.translate
    try:
        found = GpuService(open_home()[1]).simulate(text, owner=owner, terms=terms)
    except TrainplatError as refusal:
        st.error(
            f"{_('It would be refused:')} {in_language(refusal.problem, _)}\n\n"
            f"{in_language(refusal.next_step, _)}",
            icon=":material/block:",
        )
        return
    rule = pieces.pill(found.why.rule, colours.IDLE, reasons.of_rule(found.why.rule, _) or "")
    pill = pieces.pill(_(OUTCOMES[found.outcome]), _TONES[found.outcome])
    rows = [(_("Because"), f"{rule} {pieces.text(found.why.translated(_))}"), *_facts(reader, found)]
    title = f"{owner.project} · {owner.user}"
    st.html(pieces.card(title, pill, _TONES[found.outcome], rows, busy=found.outcome is Outcome.GRANTED))


def _facts(reader: Reader, found: Simulation) -> list[tuple[str, str]]:
    _ = reader.translate
    rows = []
    if found.devices:
        rows.append((_("Devices"), pieces.text(", ".join(found.devices))))
    if found.victims:
        names = ", ".join(f"{said.called(one.run_id)} ({one.owner.project})" for one in found.victims)
        rows.append((_("Would make room"), pieces.text(names)))
    if found.outcome is Outcome.WAITS:
        start = _("nobody knows") if found.expected_at is None else reader.stamp(found.expected_at)
        rows.append((_("Start at the earliest"), pieces.text(start)))
    rows.append((_("Wait already"), f"{found.waiting_before:,}"))
    seconds = round(found.terms.max_runtime_s or _HOUR_S)
    cost = found.cost(home_prices(), seconds)
    if cost is not None:
        rows.append(
            (_("Cost of {duration}").format(duration=wording.duration(seconds, _)), pieces.text(cost.text))
        )
    return rows
