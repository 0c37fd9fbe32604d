"""Model comparison: any number of models against one of them, the samples behind it, and the rounds."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from resources.texts import mark
from streamlit_app import frame
from streamlit_app.models import (
    calibration,
    compared,
    costs,
    filters,
    gains,
    gates,
    kept,
    listing,
    parameters,
    rounds,
    samples,
    slices,
)
from streamlit_app.models.compared import Compared
from streamlit_app.reader import Reader, current_reader

ROUNDS = "rounds"
PARTS: dict[str, tuple[str, Callable[[Compared], None]]] = {
    "models": (mark("Models"), listing.draw),
    "gains": (mark("Differences"), gains.draw),
    "slices": (mark("Classes and slices"), slices.draw),
    "costs": (mark("Latency and size"), costs.draw),
    "parameters": (mark("Parameters"), parameters.draw),
    "calibration": (mark("Calibration"), calibration.draw),
    "samples": (mark("Samples"), samples.draw),
    "gates": (mark("Gates"), gates.draw),
}
_ROUNDS_NAME = mark("Rounds")


def page() -> None:
    """Draw the page, and keep it fresh."""
    frame.live(_draw, "comparison")


def _draw() -> None:
    reader = current_reader()
    _ = reader.translate
    note = frame.head(reader, _("Model comparison"))
    with frame.guarded(reader):
        dataset = frame.choose_dataset(reader)
        versions = compared.read(dataset)
        part = _part(reader, measured=bool(versions.measurements))
        if part == ROUNDS:
            comparison = rounds.read(dataset)
            frame.refreshed(note, reader, comparison.read_at)
            rounds.draw(reader, comparison)
            return
        if not versions.measurements:
            _nothing_measured(reader, dataset)
            return
        choice, baseline = filters.choose(reader, versions)
        looked = compared.look(reader, versions, choice, baseline)
        frame.refreshed(note, reader, looked.read_at)
        link = _counted(looked)
        if looked.fitting:
            PARTS[part][1](looked)
        with link:
            address = filters.address(part, looked.versions, choice, baseline)
            st.code(address, language=None, wrap_lines=True)


def _part(reader: Reader, *, measured: bool) -> str:
    """Which part; the models where any was measured, else the rounds."""
    _ = reader.translate
    names = {part: _(name) for part, (name, _draw_part) in PARTS.items()} | {ROUNDS: _(_ROUNDS_NAME)}
    return kept.segments(_("Part"), names, "part", "models" if measured else ROUNDS)


def _nothing_measured(reader: Reader, dataset: str) -> None:
    _ = reader.translate
    with st.container(border=True):
        st.subheader(_("No model is measured yet"), anchor=False)
        st.markdown(
            _(
                "The evaluation of a round keeps what its models said. For rounds that were evaluated before "
                "it did, this does it again:"
            )
        )
        st.code(
            f"dagster asset materialize -m trainplat_assets.definitions --select {dataset}/evaluation "
            "--partition v1.0",
            language="bash",
        )


def _counted(looked: Compared) -> DeltaGenerator:
    """How many fit, and the place of the address of what is seen."""
    _, ngettext = looked.translate, looked.reader.plural
    total, fitting = len(looked.versions.newest), len(looked.fitting)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        words = ngettext("{fitting} of {total} model", "{fitting} of {total} models", total)
        st.caption(words.format(fitting=f"{fitting:,}", total=f"{total:,}"), width="content")
        link = st.popover(_("Link to this comparison"), icon=":material/link:")
    if not fitting:
        st.info(_("No model fits. Take a filter away, or change what is looked for in the parameters."))
    return link


if __name__ == "__main__":
    page()
