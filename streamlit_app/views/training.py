"""Training: how each training stands, and the curves of one while it runs."""

from collections.abc import Sequence

import streamlit as st

from resources.gpu.model import RunId
from resources.learning.distributed.progress import Point
from resources.learning.distributed.tasks.catalogue import tokens_of
from resources.learning.rounds.plan import ROUND
from resources.learning.trainings.model import Training
from resources.learning.trainings.standing import LIVE, State, seconds_left
from resources.learning.trainings.words import resumption_in_words, sentence, state_in_words
from resources.texts import Translate
from streamlit_app import colours, frame, pieces, reasons, wording
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.source import open_home
from streamlit_app.readings.trainings import Followed, Row, Trainings, read_followed, read_trainings
from streamlit_app.training import charts

TRAININGS_TO_A_PAGE = 20
MIB_TO_GIB = 1024
TONES = {
    State.RUNNING: colours.ACTIVE,
    State.STARTING: colours.ACTIVE,
    State.HUNG: colours.TROUBLE,
    State.KILLED: colours.TROUBLE,
    State.WAITING: colours.PEOPLE,
    State.FAILED: colours.TROUBLE,
    State.CANCELLED: colours.IDLE,
    State.DONE: colours.DONE,
}


def page() -> None:
    """Draw the page, and keep it fresh."""
    frame.live(_draw, "training")


@frame.cached
def _read(_place: str) -> Trainings:
    return read_trainings(*open_home())


@frame.cached
def _read_one(_place: str, name: str) -> Followed:
    return read_followed(*open_home(), name)


def _draw() -> None:
    reader = current_reader()
    _ = reader.translate
    note = frame.head(reader, _("Training"))
    with frame.guarded(reader):
        found = _read(frame.place())
        frame.refreshed(note, reader, found.read_at)
        if not found.rows and not found.coming:
            _none_yet(_)
            return
        _numbers(reader, found)
        _coming(reader, found)
        if not found.rows:
            return
        _table(reader, found)
        chosen = _choose(reader, found)
        _one(reader, found, _read_one(frame.place(), chosen))


def _none_yet(_: Translate) -> None:
    with st.container(border=True):
        st.subheader(_("No training yet"), anchor=False)
        st.markdown(
            _(
                "Trainings appear here once a run begins one, those of pipelines and those of data sets: "
                "their curves, speed, devices and checkpoints, while they run."
            )
        )
        st.code("trainplat training list", language="bash")


def _numbers(reader: Reader, found: Trainings) -> None:
    _ = reader.translate
    frame.show_numbers(
        {
            _("Running"): f"{found.running:,}",
            _("Waiting for GPUs"): f"{found.waiting:,}",
            _("Failed"): f"{found.count(State.FAILED):,}",
            _("Done"): f"{found.count(State.DONE):,}",
        }
    )


def _coming(reader: Reader, found: Trainings) -> None:
    _ = reader.translate
    if not found.coming:
        return
    st.subheader(_("Wait for their first devices"), anchor=False)
    heads = [_("Training"), _("State"), _("Step"), _("Asks for"), _("Run"), _("Waits since")]
    rows = [
        [
            pieces.text(one.pipeline),
            pieces.pill(state_in_words(State.WAITING, _), TONES[State.WAITING])
            + reasons.of_waiting(one.request, _),
            pieces.text(f"0 / {one.steps:,}"),
            pieces.text(one.request.request.text),
            frame.run(found.dagster, one.request.run_id, one.request.attempt),
            pieces.moment(
                wording.ago(one.request.submitted_at, found.read_at, _),
                reader.stamp(one.request.submitted_at),
            ),
        ]
        for one in found.coming
    ]
    st.html(pieces.table(heads, rows, numbers=frozenset({2})))


def _table(reader: Reader, found: Trainings) -> None:
    _ = reader.translate
    heads = [_("Training"), _("State"), _("Step"), _("Loss"), _("Devices"), _("Run"), _("Taken up")]
    shown = found.rows[frame.page_of(reader, len(found.rows), TRAININGS_TO_A_PAGE, "trainings")]
    rows = [_cells(reader, found, row) for row in shown]
    st.html(pieces.table(heads, rows, numbers=frozenset({2, 3})))


def _cells(reader: Reader, found: Trainings, row: Row) -> list[str]:
    _ = reader.translate
    training, stands = row.training, row.standing
    taken = training.last
    loss = "–" if stands.point is None else f"{stands.point.loss:.4f}"
    return [
        pieces.text(training.id.name) + pieces.small(_short(training)),
        _pill(row, _) + pieces.small(sentence(training, stands, _)) + _why_it_waits(row, _),
        pieces.text(f"{stands.step:,} / {training.plan.steps:,}"),
        pieces.text(loss),
        pieces.text(", ".join(taken.devices) or "–") + pieces.small(str(training.plan.parallel)),
        frame.run(found.dagster, RunId(taken.run_id), taken.attempt),
        pieces.moment(wording.ago(taken.at, found.read_at, _), reader.stamp(taken.at)),
    ]


def _short(training: Training) -> str:
    """Of a data set's training which version it is of, of others the begin of what tells them apart."""
    key = training.id.key
    return key.rpartition("-")[0] if training.plan.task.name == ROUND else key[:8]


def _pill(row: Row, _: Translate) -> str:
    state = row.standing.state
    return pieces.pill(state_in_words(state, _), TONES[state])


def _why_it_waits(row: Row, _: Translate) -> str:
    return "" if row.waiting is None else reasons.of_waiting(row.waiting, _)


def _choose(reader: Reader, found: Trainings) -> str:
    _ = reader.translate
    names = [row.name for row in found.rows]
    return str(
        st.selectbox(
            _("Training"), names, key="training", bind="query-params", persist_state="session", width=520
        )
    )


def _one(reader: Reader, found: Trainings, told: Followed) -> None:
    _ = reader.translate
    row, stands = told.row, told.row.standing
    st.html(
        f"<p>{_pill(row, _)} {pieces.text(sentence(row.training, stands, _))} {_why_it_waits(row, _)}</p>"
    )
    if row.training.model is not None:
        st.caption(_("Registered as {model}.").format(model=f"`{row.training.model}`"))
    _speed(reader, told)
    _curves(reader, told)
    _history(reader, found, told)
    _checkpoints(reader, found, told)
    _logs(reader, told)


def _speed(reader: Reader, told: Followed) -> None:
    _ = reader.translate
    stands, plan = told.row.standing, told.row.training.plan
    point = stands.point
    numbers = {
        _("Step"): f"{stands.step:,}",
        _("Loss"): "–" if point is None else f"{point.loss:.4f}",
        _speed_name(told, _): "–" if point is None else f"{_speeds(told, [point])[0]:,.0f}",
        _("Memory of a process"): "–" if point is None else f"{point.memory_mib / MIB_TO_GIB:.2f} GiB",
    }
    left = seconds_left(told.row.training, stands)
    if left is not None:
        numbers[_("Done in about")] = wording.duration(left, _)
    for name, value in stands.scores.items():
        numbers[name] = f"{value:.4f}"
    frame.show_numbers(numbers)
    parameters = (
        "" if stands.parameters is None else _("{count} parameters").format(count=f"{stands.parameters:,}")
    )
    taken = told.row.training.last
    spread = _("{way} on {count} processes of {threads} CPU threads").format(
        way=plan.parallel, count=taken.processes, threads=taken.threads
    )
    st.caption(" · ".join(one for one in (plan.task.name, parameters, spread, str(plan.precision)) if one))


def _speed_name(told: Followed, _: Translate) -> str:
    return (
        _("Samples per second") if tokens_of(told.row.training.plan.task) is None else _("Tokens per second")
    )


def _speeds(told: Followed, points: Sequence[Point]) -> list[float]:
    each = tokens_of(told.row.training.plan.task) or 1
    return [point.samples_per_s * each for point in points]


def _curves(reader: Reader, told: Followed) -> None:
    _ = reader.translate
    points, again = told.points, told.row.standing.resumptions
    if not points:
        st.caption(
            _("No point of its curve yet: it tells one each {steps} steps.").format(
                steps=told.row.training.plan.log_every_steps
            )
        )
        return
    left, right = st.columns(2)
    drawn = [
        (left, _("Loss"), [point.loss for point in points], "loss"),
        (right, _("Learning rate"), [point.learning_rate for point in points], "rate"),
        (left, _speed_name(told, _), _speeds(told, points), "speed"),
    ]
    for where, title, values, key in drawn:
        where.markdown(f"**{title}**")
        chart = charts.curve(points, values, again, title, _)
        where.vega_lite_chart(chart, alt=_("{what} by step").format(what=title), key=f"curve-{key}")
    right.markdown(f"**{_('Use of devices')}**")
    if told.uses:
        right.vega_lite_chart(charts.use(told.uses, _), alt=_("Use of devices by time"), key="curve-use")
        last = told.uses[-1]
        right.caption(" · ".join(_use(one.device, one.share, one.memory_mib) for one in last.devices))
    else:
        right.caption(_("Nothing is told of its devices yet."))
    if again:
        st.caption(_("A dashed line stands where it was taken up again from a checkpoint."))


def _use(device: str, share: float | None, memory_mib: float | None) -> str:
    busy = "–" if share is None else f"{share:.0%}"
    memory = "" if memory_mib is None else f", {memory_mib / MIB_TO_GIB:.2f} GiB"
    return f"{device}: {busy}{memory}"


def _history(reader: Reader, found: Trainings, told: Followed) -> None:
    _ = reader.translate
    stands = told.row.standing
    if stands.resumptions:
        st.subheader(_("Taken up again"), anchor=False)
        rows = [
            [
                "–"
                if one.at is None
                else pieces.moment(wording.ago(one.at, found.read_at, _), reader.stamp(one.at)),
                pieces.text(resumption_in_words(one, _)),
            ]
            for one in reversed(stands.resumptions)
        ]
        st.html(pieces.table([_("When"), _("What happened")], rows))
    if told.stacks:
        with st.expander(_("Where its processes stood when it hung"), key="expander-stacks"):
            for name, text in told.stacks:
                st.caption(name)
                st.code(text or _("It wrote nothing."), language=None)


def _checkpoints(reader: Reader, found: Trainings, told: Followed) -> None:
    _ = reader.translate
    st.subheader(_("Checkpoints"), anchor=False)
    if not told.checkpoints:
        is_kept = told.row.training.model is not None
        st.caption(
            _("None is kept: its model is registered.")
            if is_kept
            else _("None yet. One that is killed now begins anew.")
        )
        return
    rows = [
        [
            pieces.text(f"{one.step:,}"),
            pieces.text(f"{one.size_bytes / 1e6:,.1f} MB"),
            pieces.moment(wording.ago(one.at, found.read_at, _), reader.stamp(one.at)),
            pieces.code(str(one.path)),
        ]
        for one in told.checkpoints
    ]
    heads = [_("After step"), _("Size"), _("Written"), _("Folder")]
    st.html(pieces.table(heads, rows, numbers=frozenset({0, 1})))
    saved = told.row.standing.saved
    if saved is not None:
        st.caption(
            _(
                "For the last one the training stood still for {stalled} s; it was written in {seconds} s."
            ).format(stalled=f"{saved.stalled_s:.3f}", seconds=f"{saved.seconds:.1f}")
        )


def _logs(reader: Reader, told: Followed) -> None:
    _ = reader.translate
    st.subheader(_("Log"), anchor=False)
    lines = [f"[{one.process}] {one.text}" for one in told.log if one.text.strip()]
    if not lines:
        st.caption(_("Its processes have written nothing since they were started."))
        return
    st.code("\n".join(lines), language=None)
    if told.row.standing.state in LIVE:
        st.caption(_("The last lines of each process; the whole log is with its run in Dagster."))


if __name__ == "__main__":
    page()
