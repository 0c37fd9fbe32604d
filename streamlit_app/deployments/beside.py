"""The version that is looked at beside the one that is live: better or not, and where."""

import streamlit as st

from resources.registry.comparing.verdict import Better, Part, Verdict
from resources.terms import DatasetName
from resources.texts import Translate, mark
from streamlit_app import frame
from streamlit_app.deployments.rollouts import named
from streamlit_app.models.heat import part_words
from streamlit_app.reader import Reader
from streamlit_app.readings.source import open_home
from streamlit_app.readings.verdict import read_verdict

MOST_PARTS = 4
_SAYS = {
    Better.CLEARLY: mark("It is clearly better than what is live."),
    Better.NOT: mark("It is clearly worse than what is live."),
    Better.OPEN: mark(
        "Whether it is better than what is live is open: chance alone may make the difference."
    ),
}


def draw(reader: Reader, name: str, live: int, number: int) -> None:
    """In words, with links to the comparison of both."""
    _ = reader.translate
    st.markdown(f"**{_('Beside {live}, which is live').format(live=named(name, live))}**")
    verdict = _read(frame.place(), name, live, number)
    if verdict is None:
        st.caption(
            _(
                "One of the two was never measured: materialize the asset `{name}/evaluation` for its data "
                "version, and what it says is compared here."
            ).format(name=name)
        )
        return
    st.markdown("\n".join(f"- {line}" for line in lines(verdict, _)))
    with st.container(horizontal=True):
        for words, icon, more in (
            (_("Compare both"), "compare_arrows", {"part": "slices", "heat": "gain"}),
            (_("Samples that became worse"), "photo_library", {"part": "samples"}),
        ):
            asked = {"dataset": name, "baseline": str(live), "model": str(number), **more}
            st.page_link("views/comparison.py", label=words, icon=f":material/{icon}:", query_params=asked)


def lines(verdict: Verdict, _: Translate) -> list[str]:
    """What the numbers of both say."""
    old, new, difference = verdict.old, verdict.new, verdict.difference
    numbers = _("{measure}: {new} against {old}").format(
        measure=_(new.measure.words), new=f"{new.value:.1%}", old=f"{old.value:.1%}"
    )
    if difference is not None:
        numbers += " · " + _("{value} points ({low} to {high} with 95 % confidence)").format(
            value=_points(difference.value), low=_points(difference.low), high=_points(difference.high)
        )
    told = [_(_SAYS[verdict.says]), numbers]
    if old.test_set != new.test_set:
        told.append(_("They were measured on two test sets, so that no part can be compared."))
        return told
    told.append(
        _("Worse: {parts}.").format(parts=_parts(verdict.worse, _))
        if verdict.worse
        else _("In no part of the test set it is worse.")
    )
    if verdict.better:
        told.append(_("Better: {parts}.").format(parts=_parts(verdict.better, _)))
    return told


def _parts(parts: tuple[Part, ...], _: Translate) -> str:
    said = [
        _("{part} {points} points ({count} samples)").format(
            part=_("class {name}").format(name=part_words(one.name, _))
            if one.name.startswith("class:")
            else part_words(one.name, _),
            points=_points(one.gain),
            count=f"{one.count:,}",
        )
        for one in parts[:MOST_PARTS]
    ]
    if len(parts) > MOST_PARTS:
        said.append(_("{count} more").format(count=len(parts) - MOST_PARTS))
    return _(", ").join(said)


def _points(gain: float) -> str:
    return f"{100 * gain:+.1f}"


@frame.cached
def _read(place: str, name: str, live: int, number: int) -> Verdict | None:
    del place
    return read_verdict(*open_home(), DatasetName(name), live, number)
