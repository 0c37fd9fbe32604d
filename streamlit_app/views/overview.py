"""Overview: the loop as stages, what comes next, the numbers, and what people have to mend."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from resources.labeling.model import Problem
from resources.terms import DatasetName
from resources.texts import Translate
from streamlit_app import colours, frame, pieces, wording
from streamlit_app.problems import in_words
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.loop import Loop, read_loop
from streamlit_app.readings.source import Part, open_home, parts_of
from streamlit_app.stages import Stage, stages, state_name, what_next

PROBLEMS_SHOWN = 20
_SMALLEST_CHANGE = 0.0005  # what is still seen in a percentage with one decimal


def page() -> None:
    """Draw the page, and keep it fresh."""
    frame.live(_draw, "overview")


@frame.cached
def _read(_place: str, dataset: DatasetName) -> Loop:
    return read_loop(*open_home(), dataset)


@frame.cached
def _parts(_place: str) -> tuple[Part, ...]:
    return parts_of(open_home()[0])


def _draw() -> None:
    reader = current_reader()
    _ = reader.translate
    note = frame.head(reader, _("Overview"))
    with frame.guarded(reader):
        loop = _read(frame.place(), frame.choose_dataset(reader))
        frame.refreshed(note, reader, loop.read_at)
        cards = [_stage(reader, loop, stage) for stage in stages(loop, _, reader.plural)]
        st.html(pieces.strip(cards))
        st.info(what_next(loop, _, reader.plural), icon=":material/arrow_forward:")
        _numbers(reader, loop)
        if loop.problems:
            _problems(reader, loop)
        st.subheader(_("Open in"), anchor=False)
        frame.show_parts(reader, _parts(frame.place()))


def _stage(reader: Reader, loop: Loop, stage: Stage) -> str:
    state = state_name(stage.state, reader.translate)
    if stage.since is None:
        return pieces.stage_card(stage, state, "")
    age = wording.ago(stage.since, loop.read_at, reader.translate)
    return pieces.stage_card(stage, state, pieces.moment(age, reader.stamp(stage.since)))


def _quality_of_champion(loop: Loop, _: Translate) -> str:
    if not loop.rounds:
        return _("Quality of the champion")
    return _("{measure} of the champion").format(measure=loop.rounds[-1].measure.heading(_))


def _numbers(reader: Reader, loop: Loop) -> None:
    _ = reader.translate
    grid = st.grid(4)
    champion, accuracies = loop.champion, loop.champion_accuracies()
    change = accuracies[-1] - accuracies[-2] if len(accuracies) > 1 else 0.0
    grid.metric(
        _quality_of_champion(loop, _),
        "–" if not accuracies else f"{accuracies[-1]:.1%}",
        wording.points(change, _) if abs(change) >= _SMALLEST_CHANGE else None,
        delta_description=None if champion is None else _("by {version}").format(version=champion.version),
        chart_data=[round(100 * accuracy, 1) for accuracy in accuracies] if len(accuracies) > 1 else None,
        chart_type="line",
        border=True,
        height="stretch",
    )
    sealed = [one for one in loop.versions if one.labelled is not None]
    held_out = _("{count} held out").format(count=f"{sealed[-1].test or 0:,}") if sealed else None
    _count(grid, _("Labels"), [one.labelled or 0 for one in sealed], None)
    _count(grid, _("Pool"), [one.pool or 0 for one in sealed], held_out)
    asked = loop.questions
    answered = None
    if asked is not None:
        answered = _("{done} of {all} answered").format(done=asked.asked - asked.still_open, all=asked.asked)
    grid.metric(
        _("Open questions"),
        "–" if asked is None else f"{asked.still_open:,}",
        answered,
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
    )


def _count(grid: DeltaGenerator, name: str, by_version: list[int], note: str | None) -> None:
    several = len(by_version) > 1
    grid.metric(
        name,
        f"{by_version[-1]:,}" if by_version else "–",
        f"{by_version[-1] - by_version[-2]:+,}" if several else None,
        delta_color="off",
        delta_description=note,
        chart_data=by_version if several else None,
        chart_type="bar",
        border=True,
        height="stretch",
    )


def _problems(reader: Reader, loop: Loop) -> None:
    _, ngettext = reader.translate, reader.plural
    st.subheader(_("Annotations to look at"), anchor=False)
    if loop.blocking:
        words = ngettext(
            "{count} question stays open until its annotation is mended. The others go on.",
            "{count} questions stay open until their annotations are mended. The others go on.",
            len(loop.blocking),
        )
        st.warning(words.format(count=len(loop.blocking)), icon=":material/edit:")
    if loop.second_looks:
        words = ngettext(
            "{count} answer went back to people, because it is doubted. A second answer decides.",
            "{count} answers went back to people, because they are doubted. A second answer decides.",
            len(loop.second_looks),
        )
        st.info(words.format(count=len(loop.second_looks)), icon=":material/visibility:")
    heads = [_("Task"), _("Problem"), _("What to do"), "", _("Since")]
    rows = []
    for problem in loop.problems[:PROBLEMS_SHOWN]:
        what, to_do = in_words(problem, _)
        page = loop.task_page(problem.finding.task)
        number = f"#{problem.finding.task}"
        rows.append(
            [
                pieces.text(number) if page is None else pieces.link(number, page),
                pieces.text(what),
                pieces.text(to_do),
                _pill(problem, loop, _),
                pieces.moment(
                    wording.ago(problem.opened_at, loop.read_at, _), reader.stamp(problem.opened_at)
                ),
            ]
        )
    st.html(pieces.table(heads, rows))
    if len(loop.problems) > PROBLEMS_SHOWN:
        left = len(loop.problems) - PROBLEMS_SHOWN
        st.caption(ngettext("{count} more problem", "{count} more problems", left).format(count=left))


def _pill(problem: Problem, loop: Loop, _: Translate) -> str:
    if problem in loop.second_looks:
        return pieces.pill(_("second look"), colours.PEOPLE)
    return pieces.pill(_("blocks"), colours.TROUBLE) if problem.blocks else ""


if __name__ == "__main__":
    page()
