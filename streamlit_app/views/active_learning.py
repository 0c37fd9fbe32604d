"""Active learning: what labels bring, what is asked, when it trains next, and what it would ask now."""

import streamlit as st

from resources.labeling.model import QuestionState
from resources.terms import DatasetName
from streamlit_app import frame, pieces
from streamlit_app.active import against_random, charts, next_query, triggers
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.active import ActiveLearning, read_active
from streamlit_app.readings.source import open_home


def page() -> None:
    """Draw the page, and keep it fresh."""
    frame.live(_draw, "active-learning")


@frame.cached
def _read(_place: str, dataset: DatasetName) -> ActiveLearning:
    return read_active(*open_home(), dataset)


def _draw() -> None:
    reader = current_reader()
    _ = reader.translate
    note = frame.head(reader, _("Active learning"))
    with frame.guarded(reader):
        told = _read(frame.place(), frame.choose_dataset(reader))
        frame.refreshed(note, reader, told.read_at)
        triggers.draw(reader, told)
        _efficiency(reader, told)
        _queue(reader, told)
        _recalls(reader, told)
        _agreement(reader, told)
        next_query.draw(reader, told.dataset)


def _efficiency(reader: Reader, told: ActiveLearning) -> None:
    _ = reader.translate
    st.subheader(_("What labels bring"), anchor=False)
    if not told.rounds:
        st.caption(_("No round is decided yet: how good models are is shown by labels once one is."))
        return
    newest, found = told.rounds[-1], told.estimate
    heading = newest.measure.heading(_)
    frame.show_numbers(
        {
            _("Labels"): f"{newest.labels:,}",
            _("{measure} of the champion").format(measure=heading): f"{newest.quality:.1%}",
            _("Random picks guessed right"): "–" if found is None else f"{found.share:.0%}",
            _("95 % confidence"): "–" if found is None else f"{found.low:.0%}–{found.high:.0%}",
            _("Random picks answered"): "0" if found is None else f"{found.asked:,}",
        }
    )
    chart = charts.efficiency(told, _)
    about = _("{measure} by labels, of the rounds and of labels at random alone").format(measure=heading)
    st.vega_lite_chart(chart, alt=about, key="efficiency")
    against_random.draw(reader, told)
    if newest.measure.is_of_marks:
        st.caption(
            _(
                "A pick counts as guessed right where the whole answer was, each mark of it: hold the bars "
                "against each other, not against the line, which is {measure}."
            ).format(measure=_(newest.measure.words))
        )


def _queue(reader: Reader, told: ActiveLearning) -> None:
    _ = reader.translate
    st.subheader(_("What people are asked"), anchor=False)
    if not told.parts:
        st.caption(_("Nobody was asked yet: questions come with the first champion."))
        return
    counted = told.by_strategy()
    names = list(dict.fromkeys(name for name, _state in counted))
    rows = [
        [pieces.text(name), *(f"{counted[name, state]:,}" for state in QuestionState)]
        for name in sorted(names)
    ]
    heads = [_("Picked by"), *(_(charts.STATES[state]).capitalize() for state in QuestionState)]
    st.html(pieces.table(heads, rows, numbers=frozenset(range(1, len(heads)))))
    if not told.by_class():
        st.caption(_("Guesses are marks in a sample, of which hardly two are alike: they are not counted."))
        return
    st.vega_lite_chart(charts.queue(told, _), alt=_("Questions by guessed class and state"), key="queue")


def _recalls(reader: Reader, told: ActiveLearning) -> None:
    _ = reader.translate
    st.subheader(_("What is found of each class"), anchor=False)
    if not told.recalls:
        st.caption(_("No model was measured yet."))
        return
    chart = charts.recalls(told.recalls, _, dark=reader.dark)
    st.vega_lite_chart(chart, alt=_("Share of each class that is found, by version"), key="recalls")


def _agreement(reader: Reader, told: ActiveLearning) -> None:
    _, found, reviews = reader.translate, told.agreement, told.reviews
    st.subheader(_("How far annotators agree"), anchor=False)
    if not found.samples:
        st.caption(_("No sample has answers of two people yet: agreement is shown once some have."))
    else:
        alpha = "–" if found.alpha is None else f"{found.alpha:.2f}"
        frame.show_numbers(
            {
                _("Samples with several answers"): f"{found.samples:,}",
                _("Krippendorff's alpha"): alpha,
            }
        )
        heads = [_("Annotator"), _("Answered"), _("Compared"), _("Agrees"), _("Known ones right")]
        rows = [
            [
                pieces.text(f"#{one.annotator}"),
                f"{one.answered:,}",
                f"{one.compared:,}",
                "–" if one.agreement is None else f"{one.agreement:.0%}",
                "–" if one.accuracy is None else f"{one.accuracy:.0%}",
            ]
            for one in found.annotators
        ]
        st.html(pieces.table(heads, rows, numbers=frozenset({1, 2, 3, 4})))
        by_class = [[pieces.text(label), f"{share:.0%}"] for label, share in found.by_class.items()]
        st.html(pieces.table([_("class"), _("Agreement")], by_class, numbers=frozenset({1})))
    if reviews.returned or reviews.upheld or reviews.corrected or reviews.skipped:
        st.caption(
            _(
                "Looked at again: {returned} are with people now, {upheld} upheld, {corrected} corrected, "
                "{skipped} skipped."
            ).format(
                returned=f"{reviews.returned:,}",
                upheld=f"{reviews.upheld:,}",
                corrected=f"{reviews.corrected:,}",
                skipped=f"{reviews.skipped:,}",
            )
        )


if __name__ == "__main__":
    page()
