"""In which parameters models differ; what is the same in all is left out."""

import streamlit as st

from resources.registry.comparing.exporting import written
from resources.registry.comparing.parameters import differing
from streamlit_app import colours, pieces
from streamlit_app.models.compared import Compared


def draw(compared: Compared) -> None:
    """The part of the page."""
    _, ngettext = compared.translate, compared.reader.plural
    st.subheader(_("Parameters that differ"), anchor=False)
    shown = compared.shown()
    known = {one.number for one in shown}
    compared_with = shown if compared.baseline.number in known else (compared.baseline, *shown)
    found = differing(compared_with)
    if not found.names:
        st.info(_("Nothing differs: all parameters are the same in all of them."), icon=":material/check:")
        return
    same = ngettext(
        "{count} parameter is the same in all of them.",
        "{count} parameters are the same in all of them.",
        found.same,
    )
    st.caption(same.format(count=found.same) + " " + _("Bold is what the baseline has otherwise."))
    place = found.numbers.index(compared.baseline.number)
    base = found.values[place]
    metric = compared.choice.metric
    rows = []
    for one, values in zip(compared_with, found.values, strict=True):
        name = pieces.text(str(one.number))
        if one.number == compared.baseline.number:
            name += " " + pieces.pill(_("baseline"), colours.IDLE)
        rows.append(
            [
                f'<span class="tp-whole">{name}</span>',
                pieces.text(written(metric.of(one), metric)),
                *(_cell(value, was) for value, was in zip(values, base, strict=True)),
            ]
        )
    heads = [_("Model version"), metric.heading(compared.baseline.measure, _), *found.names]
    st.html(pieces.table(heads, rows, numbers=frozenset({1})))


def _cell(value: str | None, was: str | None) -> str:
    words = pieces.text("–" if value is None else value)
    return words if value == was else f"<b>{words}</b>"
