"""The dry run: what would be asked now, with pictures, scores and reasons."""

from html import escape

import streamlit as st

from resources.asking import Why
from resources.terms import DatasetName
from resources.texts import Translate
from streamlit_app import colours, frame, pieces
from streamlit_app.reader import Reader
from streamlit_app.readings.next_query import PICTURES, NextPick, NextQuery, read_next_query
from streamlit_app.readings.source import open_home

_KEY = "dry-run"


@frame.cached
def _read(_place: str, dataset: DatasetName) -> NextQuery:
    return read_next_query(*open_home(), dataset)


def draw(reader: Reader, dataset: DatasetName) -> None:
    """A button, and below it what it found: it costs as much as a query, so nobody pays for it unasked."""
    _ = reader.translate
    st.subheader(_("The next query"), anchor=False)
    st.caption(_("What the strategy would ask now, if it had to. Nothing is sent, and nothing is kept."))
    st.button(_("Try it"), icon=":material/visibility:", key="try-query", on_click=_begin)
    if not st.session_state.get(_KEY):
        return
    with frame.guarded(reader):
        _show(_read(frame.place(), dataset), _)


def _begin() -> None:
    st.session_state[_KEY] = True


def _show(found: NextQuery, _: Translate) -> None:
    if not found.picks:
        st.info(_("The pool has no sample left that was not asked."), icon=":material/check:")
        return
    random = sum(one.why is Why.RANDOM for one in found.picks)
    st.markdown(
        _(
            "{model} after {version} would ask {count} of {pool} samples: {chosen} by {strategy}, "
            "{random} at random."
        ).format(
            model=found.model,
            version=found.version,
            count=f"{len(found.picks):,}",
            pool=f"{found.pool:,}",
            chosen=f"{len(found.picks) - random:,}",
            strategy=found.strategy,
            random=f"{random:,}",
        )
    )
    st.html(pieces.cards([_card(one, found.strategy, _) for one in found.picks[:PICTURES]]))
    if len(found.picks) > PICTURES:
        st.caption(_("And {count} more.").format(count=f"{len(found.picks) - PICTURES:,}"))


def _card(pick: NextPick, strategy: str, _: Translate) -> str:
    by_chance = pick.why is Why.RANDOM
    tone = colours.IDLE if by_chance else colours.CHALLENGER
    why = pieces.pill(_("at random") if by_chance else strategy, tone)
    guess = _("{guess}? {sureness}").format(guess=pick.guess, sureness=f"{pick.sureness:.0%}")
    score = _("score {score}").format(score=f"{pick.score:.3f}")
    image = (
        ""
        if pick.picture is None
        else f'<img class="tp-picture tp-tiny" src="{pick.picture}" alt="{escape(pick.sample[:12])}">'
    )
    return (
        f'<div class="tp-card tp-quiet"><div class="tp-about">{image}<div>'
        f"<b>{escape(guess)}</b><br>{why}<br>"
        f'<span class="tp-small">{escape(score)} · <code>{escape(pick.sample[:8])}</code></span>'
        "</div></div></div>"
    )
