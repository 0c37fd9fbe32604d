"""The samples behind a number: a cell of the confusion, or what a model does better or worse."""

from html import escape

import streamlit as st

from resources.kinds import Kind
from resources.marks import told
from resources.registry.comparing.samples import BothSaid, Said, changed
from resources.registry.evaluations.model import Measurement
from resources.terms import DatasetName, SampleId, VersionKey
from resources.texts import Translate, mark
from streamlit_app import colours, frame, pieces
from streamlit_app.models import cells, kept
from streamlit_app.models.compared import Compared, answers
from streamlit_app.models.sides import other_model
from streamlit_app.readings.model_versions import kind_by
from streamlit_app.readings.shown_samples import Shown, read_samples
from streamlit_app.readings.source import open_home

PER_PAGE = 24
_SHOWN = {
    "worse": mark("became worse"),
    "better": mark("became better"),
    "cell": mark("one cell of the confusion"),
}


def draw(compared: Compared) -> None:
    """The part of the page."""
    _ = compared.translate
    st.subheader(_("Samples behind the numbers"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        other = other_model(compared)
        which = kept.segments(_("Shown"), {name: _(words) for name, words in _SHOWN.items()}, "shown")
    new, old = answers(other), answers(compared.baseline)
    if new is None:
        st.info(
            _("What model {number} said is not kept. Materialize its evaluation again.").format(
                number=other.number
            )
        )
        return
    kind = kind_by(other.measure)
    if which == "cell" or old is None:
        found = cells.choose(compared, kind, other, old, new)
    else:
        found = changed(old, new, better=which == "better")
    _cards(compared, kind, found, other)


def _cards(compared: Compared, kind: Kind, found: list[BothSaid], other: Measurement) -> None:
    _, ngettext = compared.translate, compared.reader.plural
    if not found:
        st.info(_("No sample is like that."), icon=":material/check:")
        return
    counted = ngettext("{count} sample", "{count} samples", len(found)).format(count=f"{len(found):,}")
    st.markdown(f"**{counted}**")
    part = frame.page_of(compared.reader, len(found), PER_PAGE, "samples")
    shown = found[part]
    looks = _read(
        frame.place(),
        compared.versions.dataset,
        other.dataset_version,
        tuple(one.sample for one in shown),
    )
    names = (compared.name(compared.baseline), compared.name(other))
    st.html(pieces.cards([_card(one, looks.get(one.sample), kind, names, _) for one in shown]))


def _card(both: BothSaid, look: Shown | None, kind: Kind, names: tuple[str, str], _: Translate) -> str:
    rows = [
        f"<span>{escape(_('true'))}</span><b>{escape(told(kind, both.true))}</b>",
        *(
            f"<span>{escape(name)}</span>{_said(said, kind)}"
            for name, said in zip(names, (both.old, both.new), strict=True)
        ),
    ]
    return (
        f'<div class="tp-card tp-quiet"><div class="tp-about">{_picture(look, both.sample)}'
        f'<div class="tp-rows" style="margin-top:0">{"".join(rows)}'
        f"<span><code>{escape(both.sample[:8])}</code></span><span></span></div></div></div>"
    )


def _said(said: Said | None, kind: Kind) -> str:
    if said is None:
        return "<span>–</span>"
    tone = colours.CHAMPION if said.score >= 1 else colours.TROUBLE
    sure = "" if said.sure is None else f" · {said.sure:.0%}"
    score = "" if kind.has_one_class else f" · F1 {said.score:.0%}"
    return f'<span style="color:{tone}">{escape(told(kind, said.answer))}{sure}{score}</span>'


def _picture(look: Shown | None, sample: SampleId) -> str:
    if look is not None and look.picture is not None:
        return f'<img class="tp-picture tp-tiny" src="{look.picture}" alt="{escape(sample[:12])}">'
    if look is not None and look.text is not None:
        return f'<div class="tp-small" style="max-width:14rem">{escape(look.text)}</div>'
    return ""


@st.cache_data(max_entries=64, show_spinner=False)
def _read(
    place: str, dataset: DatasetName, version: VersionKey, samples: tuple[SampleId, ...]
) -> dict[SampleId, Shown]:
    del place
    return dict(read_samples(*open_home(), dataset, version, samples))
