"""What happened to an endpoint: when, what, who, why. Nothing in it is ever rewritten."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from resources.serving.deployments.model import DeploymentEvent
from streamlit_app import frame, pieces
from streamlit_app.deployments.cards import ago, kind_pill
from streamlit_app.deployments.rollouts import named
from streamlit_app.reader import Reader
from streamlit_app.readings.models import as_csv

PER_PAGE = 15


def draw(reader: Reader, name: str, events: Sequence[DeploymentEvent], now: datetime) -> None:
    """The newest first."""
    _ = reader.translate
    st.subheader(_("History"), anchor=False)
    if not events:
        nothing = _("Nothing was ever live as {endpoint}: the first version that goes live begins it.")
        st.caption(nothing.format(endpoint=name))
        return
    heads = ["#", _("When"), _("What"), _("Version"), _("Who"), _("Why"), _("Live after it")]
    part = frame.page_of(reader, len(events), PER_PAGE, f"history-{name}")
    rows = [_row(reader, one, now) for one in list(reversed(events))[part]]
    st.html(pieces.table(heads, rows, numbers=frozenset({0})))
    with st.container(horizontal=True, vertical_alignment="center"):
        frame.download(_("Download as CSV"), lambda: as_csv(events), f"{name}-deployments.csv")
        st.caption(
            _(
                "Nothing in it is ever rewritten: the database refuses to, and each row carries the digest "
                "of the one before. `trainplat model history --verify` proves it."
            )
        )


def _row(reader: Reader, one: DeploymentEvent, now: datetime) -> list[str]:
    _ = reader.translate
    why = pieces.kept(one.why) if one.why else ""
    if one.override:
        why += pieces.small(_("past its gates:")) + pieces.kept(one.override)
    subject = "–"
    if one.subject is not None:
        name = named(one.endpoint, one.subject)
        subject = f'{pieces.code(name)}<div class="tp-small">{pieces.code(one.weights_sha256[:12])}</div>'
    return [
        str(one.number),
        ago(reader, one.at, now),
        kind_pill(one.kind, reader),
        subject,
        pieces.code(one.actor),
        f'<div class="tp-sentence">{why or "–"}</div>',
        "–" if one.after.live is None else pieces.code(named(one.endpoint, one.after.live)),
    ]
