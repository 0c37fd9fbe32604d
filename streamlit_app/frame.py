"""What all pages share: the head, the live note, the data set, empty and broken states."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from resources.clock import utc_now
from resources.gpu.manual.naming import name_of
from resources.gpu.model import RunId, run_of
from resources.home import Home
from resources.notebooks.model import is_notebook
from resources.spreadsheet import BYTE_ORDER_MARK
from resources.terms import DatasetName
from streamlit_app import pieces
from streamlit_app.gpu.wording import called
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.source import (
    NO_DATA_SET,
    EmptyHome,
    Failure,
    Part,
    dataset_names,
    failure_of,
    open_home,
)

REFRESH_S = 15
"""How often the live parts read again."""

_KEEP_S = 5
"""How long one reading serves every viewer."""

cached = st.cache_data(ttl=_KEEP_S, max_entries=256, show_spinner=False)
"""Keeps what a reading function returned. Its first argument is the place: see :func:`place`."""


def place() -> str:
    """What tells one home from another in the cache."""
    home, database = open_home()
    return f"{home.path} {database.url}"


def live(draw: Callable[[], None], page: str, every_s: int = REFRESH_S) -> None:
    """Draw now, and again every ``every_s`` seconds while somebody looks."""
    st.fragment(draw, run_every=every_s, key=f"live-{page}")()


class Reading(Protocol):
    """What was read for a page."""

    @property
    def read_at(self) -> datetime:
        """When it was read."""


Told = TypeVar("Told", bound=Reading)


def show(title: str, read: Callable[[str], Told], draw: Callable[[Reader, Told], None]) -> None:
    """A page under its title, which is marked for translation: what ``read`` finds at :func:`place`, drawn.

    What keeps it from being read or drawn is shown in words in its place.
    """
    reader = current_reader()
    _ = reader.translate
    note = head(reader, _(title))
    with guarded(reader):
        told = read(place())
        refreshed(note, reader, told.read_at)
        draw(reader, told)


@contextmanager
def guarded(reader: Reader) -> Iterator[None]:
    """Show what keeps a page from being shown, in words; what nobody foresaw goes to the log."""
    try:
        yield
    except EmptyHome as empty:
        show_empty(reader, empty)
    except Exception as problem:
        failure = failure_of(problem, reader.translate)
        if failure is None:
            raise
        show_failure(reader, failure)


@contextmanager
def quiet(reader: Reader) -> Iterator[None]:
    """Show nothing where the part of a page above has said already what is missing or wrong."""
    try:
        yield
    except Exception as problem:
        if not isinstance(problem, EmptyHome) and failure_of(problem, reader.translate) is None:
            raise


def head(reader: Reader, title: str, every_s: int = REFRESH_S) -> DeltaGenerator:
    """The title, and to its right the note of :func:`refreshed`, to be set once the page is read."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    left.title(title, anchor=False)
    note = right.empty()
    refreshed(note, reader, utc_now(), every_s)
    return note


def refreshed(where: DeltaGenerator, reader: Reader, read_at: datetime, every_s: int = REFRESH_S) -> None:
    """Say when the page was read, and how often it is."""
    _ = reader.translate
    note = _("Refreshed {clock}, again every {seconds} s")
    note = note.format(clock=reader.clock(read_at), seconds=every_s)
    where.html(f'<div class="tp-live">{pieces.moment(note, reader.stamp(read_at))}</div>')


def show_empty(reader: Reader, empty: EmptyHome) -> None:
    """Nothing is there yet: say what to run."""
    _ = reader.translate
    with st.container(border=True):
        st.subheader(_("Nothing here yet"), anchor=False)
        st.markdown(_("This fills the home and runs the first rounds of the loop, in a few minutes:"))
        st.code("make demo", language="bash")
        st.caption(_(empty.what).format(path=empty.path))


def show_failure(reader: Reader, failure: Failure) -> None:
    """Something is wrong: say what, and what to do."""
    _ = reader.translate
    following = _("Next: {step}").format(step=failure.next_step)
    st.error(f"{failure.problem}\n\n{following}", icon=":material/error:")


def show_numbers(numbers: Mapping[str, str]) -> None:
    """Figures side by side, each with its name."""
    grid = st.grid(len(numbers))
    for name, value in numbers.items():
        grid.metric(name, value, border=True, height="stretch")


def choose_dataset(reader: Reader) -> DatasetName:
    """The data set that the page is about; asks only where there are several. Raises :class:`EmptyHome`."""
    home, database = open_home()
    names = dataset_names(home, database)
    if not names:
        raise EmptyHome(NO_DATA_SET, home.path)
    if len(names) == 1:
        return names[0]
    _ = reader.translate
    chosen = st.selectbox(
        _("Data set"),
        names,
        key="dataset",
        bind="query-params",
        persist_state="session",
        width=240,
    )
    return DatasetName(chosen)


def show_parts(reader: Reader, parts: tuple[Part, ...]) -> None:
    """Links to the other pages of the stack; one that does not answer says so."""
    _, ngettext = reader.translate, reader.plural
    with st.container(horizontal=True, gap="small"):
        for part in parts:
            if part.address is None:
                continue
            icon = ":material/open_in_new:" if part.answers else ":material/cloud_off:"
            st.link_button(part.name, part.address, icon=icon, disabled=not part.answers)
    silent = [part.name for part in parts if part.address is not None and not part.answers]
    if silent:
        st.warning(
            ngettext(
                "{names} does not answer. `trainplat status` says why; `trainplat up` starts it.",
                "{names} do not answer. `trainplat status` says why; `trainplat up` starts them.",
                len(silent),
            ).format(names=_(", ").join(silent)),
            icon=":material/cloud_off:",
        )
    if all(part.address is None for part in parts):
        st.caption(_("Dagster, Label Studio and MLflow are not running here. `trainplat up` starts them."))


def page_of(reader: Reader, total: int, per_page: int, key: str) -> slice:
    """Which of ``total`` things to show now; asks only where they are more than fit."""
    if total <= per_page:
        return slice(0, total)
    _ = reader.translate
    pages = -(-total // per_page)

    def said(number: int) -> str:
        first, last = number * per_page + 1, min((number + 1) * per_page, total)
        return _("{first} to {last} of {total}").format(
            first=f"{first:,}", last=f"{last:,}", total=f"{total:,}"
        )

    chosen = st.selectbox(_("Shown"), range(pages), format_func=said, key=f"page-{key}-{pages}", width=240)
    return slice(chosen * per_page, (chosen + 1) * per_page)


def download(label: str, content: Callable[[], str], file_name: str) -> None:
    """A button that writes a file for a spreadsheet once it is pressed."""
    st.download_button(
        label,
        lambda: BYTE_ORDER_MARK + content(),
        file_name=file_name,
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def run_address(dagster: str | None, run_id: RunId) -> str | None:
    """The page of a run in the Dagster UI, also for its second leases; None while its address is not known,
    and for a lease without a run and a notebook, of which Dagster knows nothing.
    """
    if dagster is None or name_of(run_id) is not None or is_notebook(run_id):
        return None
    return f"{dagster.rstrip('/')}/runs/{run_of(run_id)}"


def run(dagster: str | None, run_id: RunId, attempt: int = 1) -> str:
    """A run by the beginning of its id, with its attempt from the second on; a link where there is one."""
    address, name = run_address(dagster, run_id), called(run_id)
    short = pieces.code(name) if address is None else pieces.link(name, address)
    return short if attempt == 1 else f"{short}&nbsp;·&nbsp;{attempt}"


def home_line() -> str:
    """Which home is shown."""
    path = Home.from_environment().path
    return f"~/{path.relative_to(Path.home())}" if path.is_relative_to(Path.home()) else str(path)
