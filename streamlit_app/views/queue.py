"""Queue: who waits for devices, in which order, why, and when each is expected to start."""

from datetime import datetime

import streamlit as st

from resources.gpu.model import WaitingRequest
from resources.texts import Translate, mark
from streamlit_app import colours, frame, pieces, reasons, wording
from streamlit_app.gpu import simulation
from streamlit_app.gpu import wording as said
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.queue import Queue, known_projects, read_queue, since
from streamlit_app.readings.source import open_home

RUNS_TO_A_PAGE = 50


def page() -> None:
    """Draw the page, and keep the line fresh; the form is left alone while somebody types."""
    frame.live(_draw, "queue")
    st.fragment(_simulate)()


@frame.cached
def _read(_place: str) -> Queue:
    return read_queue(*open_home())


def _simulate() -> None:
    reader = current_reader()
    with frame.quiet(reader):
        projects = _projects(frame.place())
        simulation.draw(reader, projects)


@frame.cached
def _projects(_place: str) -> tuple[str, ...]:
    return known_projects(open_home()[1])


def _draw() -> None:
    frame.show(mark("Queue"), _read, _parts)


def _parts(reader: Reader, queue: Queue) -> None:
    _numbers(reader, queue)
    _line(reader, queue)


def _numbers(reader: Reader, queue: Queue) -> None:
    _ = reader.translate
    longest = queue.longest_wait_s()
    expected = [one.expected_at for one in queue.waiting if one.expected_at is not None]
    frame.show_numbers(
        {
            _("Waiting"): f"{len(queue.waiting):,}",
            _("Devices asked for"): f"{sum(one.request.units_milli for one in queue.waiting) / 1000:g}",
            _("Longest wait"): "–" if longest is None else wording.duration(longest, _),
            _("Next expected start"): "–" if not expected else _ahead(queue, min(expected), _),
        }
    )


def _line(reader: Reader, queue: Queue) -> None:
    _ = reader.translate
    if not queue.waiting:
        st.caption(_("Nobody waits. A run that asks for devices while all are in use appears here."))
        st.caption(_("A run asks by its tag `trainplat/gpu`, such as `1`, `2(V100)` or `8G,0.5`."))
        return
    project = None
    if len(queue.projects) > 1:
        project = st.selectbox(
            _("Project"), queue.projects, index=None, key="project", placeholder=_("all"), width=240
        )
    shown = [one for one in queue.waiting if project in (None, one.owner.project)]
    shown = shown[frame.page_of(reader, len(shown), RUNS_TO_A_PAGE, "queue")]
    order = (
        _("In the order in which the arbiter looks at them: projects take turns, then priority, then age.")
        if queue.is_in_turn
        else _("In the order in which they came: too many wait to show whose turn it is.")
    )
    st.caption(order)
    heads = ["", _("Run"), _("Owner"), _("Request"), _("Waiting"), _("Expected start"), _("Waiting because")]
    rows = [
        [
            str(queue.place(one.run_id)),
            frame.run(queue.dagster, one.run_id, one.attempt),
            pieces.text(one.owner.project) + pieces.small(one.owner.user),
            _request(reader, one),
            pieces.moment(_waited(queue, one, _), reader.stamp(since(one))),
            _expected(reader, queue, one),
            _because(one, _),
        ]
        for one in shown
    ]
    st.html(pieces.table(heads, rows, numbers=frozenset({0})))


def _request(reader: Reader, one: WaitingRequest) -> str:
    _ = reader.translate
    means = said.request_in_words(one.request, _, reader.plural)
    terms = said.terms_in_words(one.terms, _)
    small = "".join(pieces.small(words) for words in (means, _(", ").join(terms)) if words)
    return pieces.code(one.request.text) + small


def _expected(reader: Reader, queue: Queue, one: WaitingRequest) -> str:
    _ = reader.translate
    if one.expected_at is None:
        unknown = _("not known")
        why = _("Runs that declare the tag trainplat/max_runtime_s let the arbiter tell when others start.")
        return pieces.moment(unknown, why)
    return pieces.moment(_ahead(queue, one.expected_at, _), reader.stamp(one.expected_at))


def _because(one: WaitingRequest, _: Translate) -> str:
    if one.reason is None:
        return pieces.text(_("The arbiter has not looked at it yet."))
    rule = pieces.pill(one.rule or "", colours.IDLE, reasons.of_rule(one.rule, _) or "")
    return f"{rule} {reasons.of_waiting(one, _)}"


def _waited(queue: Queue, one: WaitingRequest, _: Translate) -> str:
    return wording.duration((queue.read_at - since(one)).total_seconds(), _)


def _ahead(queue: Queue, moment: datetime, _: Translate) -> str:
    seconds = (moment - queue.read_at).total_seconds()
    return (
        _("any moment") if seconds < 5 else _("in {duration}").format(duration=wording.duration(seconds, _))
    )


if __name__ == "__main__":
    page()
