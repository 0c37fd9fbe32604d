"""What each gate said about the models that were chosen, in full about one, and who went past them."""

from collections.abc import Sequence

import streamlit as st

from resources.gate_plan import GATES, IfFailed
from resources.registry.gates.model import GateResult, Judging, Override
from resources.terms import DatasetName
from resources.texts import Translate, mark
from streamlit_app import colours, frame, pieces, wording
from streamlit_app.models.compared import Compared
from streamlit_app.models.sides import other_model
from streamlit_app.readings.gates import GatesSeen, read_gates
from streamlit_app.readings.source import open_home

IF_FAILED = {
    IfFailed.KEEP: mark("the champion stays"),
    IfFailed.STOP: mark("the round stops"),
    IfFailed.WARN: mark("only warns"),
}


def draw(compared: Compared) -> None:
    """The part of the page."""
    _ = compared.translate
    seen = _seen(frame.place(), compared.versions.dataset)
    st.subheader(_("What gates say"), anchor=False)
    st.caption(
        _(
            "What a model must pass before it is promoted, as the file of its data set declares it. Point at "
            "a cell to read its sentence."
        )
    )
    rows = [(compared.name(one), seen.judgings.get(one.number)) for one in compared.shown()]
    st.html(grid(rows, _))
    number = other_model(compared).number
    judging = seen.judgings.get(number)
    if judging is None:
        never = _(
            "The gates of model {number} were never asked: its round was evaluated before there were any. "
            "Put it live by hand, on the page Models, and each is asked then."
        )
        st.info(never.format(number=number))
    else:
        st.html(sentences(judging, _))
        since = wording.ago(judging.judged_at, compared.read_at, _)
        st.caption(_("Asked {when}.").format(when=since))
    if seen.overrides:
        st.markdown(f"**{_('Promoted past the gates')}**")
        st.html(past(seen.overrides, compared, _))


def grid(rows: Sequence[tuple[str, Judging | None]], _: Translate) -> str:
    """A row for each model, a column for each gate that any of them was asked."""
    asked = {one.gate for _name, judging in rows if judging is not None for one in judging.results}
    gates = [gate for gate in GATES if gate in asked]
    cells = [[pieces.text(name), *_cells(judging, gates, _)] for name, judging in rows]
    return pieces.table([_("Model"), *gates], cells)


def sentences(judging: Judging, _: Translate) -> str:
    """Each gate of one model with its sentence."""
    heads = [_("Gate"), _("Outcome"), _("What it says"), _("If it fails")]
    rows = [
        [
            pieces.code(one.gate),
            _pill(one, _),
            pieces.kept(one.sentence),
            pieces.text(_(IF_FAILED[one.if_failed])),
        ]
        for one in judging.results
    ]
    return pieces.table(heads, rows)


def past(overrides: Sequence[Override], compared: Compared, _: Translate) -> str:
    """Who promoted which model past its gates, when and why."""
    heads = [_("Model"), _("When"), _("Who"), _("Why"), _("Against it")]
    rows = [
        [
            pieces.text(str(one.number)),
            pieces.moment(wording.ago(one.at, compared.read_at, _), compared.reader.stamp(one.at)),
            pieces.text(one.actor),
            pieces.text(one.why),
            "".join(map(pieces.kept, one.failed)),
        ]
        for one in overrides
    ]
    return pieces.table(heads, rows)


def _cells(judging: Judging | None, gates: Sequence[str], _: Translate) -> list[str]:
    said = {} if judging is None else {one.gate: one for one in judging.results}
    return [_pill(said[gate], _) if gate in said else "–" for gate in gates]


def _pill(one: GateResult, _: Translate) -> str:
    if one.passed:
        return pieces.pill(_("passed"), colours.DONE, one.sentence)
    if one.bars:
        return pieces.pill(_("failed"), colours.TROUBLE, one.sentence)
    return pieces.pill(_("warns"), colours.PEOPLE, one.sentence)


@frame.cached
def _seen(place: str, dataset: DatasetName) -> GatesSeen:
    del place
    return read_gates(*open_home(), dataset)
