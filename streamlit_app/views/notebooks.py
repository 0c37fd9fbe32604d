"""Notebooks: open one under a lease, see those that run or wait, and close them."""

import streamlit as st

from resources.durations import seconds_of
from resources.gpu.model import Owner, RunId
from resources.gpu.service import GpuService
from resources.notebooks.background import begin
from resources.notebooks.model import Wanted
from resources.notebooks.service import NotebookService
from resources.users import current_user, is_operator_of
from streamlit_app import frame, reasons
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.source import open_home

FOR, IDLE = "8h", "1h"
PROJECT = "default"


def page() -> None:
    """Draw the page, and keep it fresh."""
    frame.live(_draw, "notebooks")


def _draw() -> None:
    reader = current_reader()
    _ = reader.translate
    frame.head(reader, _("Notebooks"))
    with frame.guarded(reader):
        _open_one(reader)
        _list(reader)


def _open_one(reader: Reader) -> None:
    _ = reader.translate
    with st.form("notebook", border=True):
        columns = st.columns(4)
        request = columns[0].text_input(_("Request"), "1")
        project = columns[1].text_input(_("Project"), PROJECT)
        most = columns[2].text_input(_("At most"), FOR)
        idle = columns[3].text_input(_("Given back when idle for"), IDLE)
        if st.form_submit_button(_("Open a notebook"), icon=":material/note_add:"):
            home, _database = open_home()
            wanted = Wanted(request, Owner(project, current_user()), seconds_of(most), seconds_of(idle))
            begin(home, wanted)
            st.toast(_("It opens here once it has its devices."))


def _list(reader: Reader) -> None:
    _ = reader.translate
    home, database = open_home()
    service = NotebookService(home, GpuService(database))
    running, waiting = service.running(), service.waiting()
    for one in running:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.text(f"{', '.join(one.devices)} · {one.owner.project} · {one.owner.user}")
            st.link_button(_("Open"), one.address, icon=":material/open_in_new:")
            if st.button(_("Close"), key=f"close-{one.id}", icon=":material/close:"):
                _close(service, one.id)
    for asked in waiting:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.text(f"{asked.request.text} · {asked.owner.project} · {asked.owner.user}")
            st.html(reasons.of_waiting(asked, _))
            if st.button(_("Close"), key=f"close-{asked.run_id}", icon=":material/close:"):
                _close(service, asked.run_id)
    if not running and not waiting:
        st.caption(_("No notebook runs. Open one above, or with `trainplat notebook`."))


def _close(service: NotebookService, notebook: RunId) -> None:
    """Nobody signs in here: whoever looks acts as the user of this page's process."""
    home, _database = open_home()
    service.stop(notebook, user=current_user(), is_operator=is_operator_of(home.path))


if __name__ == "__main__":
    page()
