"""The version that is looked at beside the one that is live: better or not, and where."""

import streamlit as st

from resources.registry.comparing.verdict import Verdict
from resources.terms import DatasetName
from streamlit_app import frame
from streamlit_app.deployments.rollouts import named
from streamlit_app.models import verdicts
from streamlit_app.reader import Reader
from streamlit_app.readings.source import open_home
from streamlit_app.readings.verdict import read_verdict


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
    st.markdown("\n".join(f"- {line}" for line in verdicts.lines(verdict, _)))
    with st.container(horizontal=True):
        for words, icon, more in (
            (_("Compare both"), "compare_arrows", {"part": "slices", "heat": "gain"}),
            (_("Samples that became worse"), "photo_library", {"part": "samples"}),
        ):
            asked = {"dataset": name, "baseline": str(live), "model": str(number), **more}
            st.page_link("views/comparison.py", label=words, icon=f":material/{icon}:", query_params=asked)


@frame.cached
def _read(place: str, name: str, live: int, number: int) -> Verdict | None:
    del place
    return read_verdict(*open_home(), DatasetName(name), live, number)
