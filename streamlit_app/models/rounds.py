"""How good by data version, two of them side by side, what is forgotten, and every decision."""

from urllib.parse import urlencode

import streamlit as st

from resources.registry.model import Decision, Scores
from resources.terms import DatasetName, Label, VersionKey
from resources.texts import Translate
from streamlit_app import charts, colours, forgetting, frame, pieces, wording
from streamlit_app.reader import Reader
from streamlit_app.readings.comparison import Comparison, as_csv, pair, read_comparison
from streamlit_app.readings.source import open_home

# The same on both sides, so that the matrices below stand level.
_METRIC_HEIGHT_PX = 110
PER_PAGE = 50


@frame.cached
def _read(_place: str, dataset: DatasetName) -> Comparison:
    return read_comparison(*open_home(), dataset)


def read(dataset: DatasetName) -> Comparison:
    """All rounds of a data set."""
    return _read(frame.place(), dataset)


def draw(reader: Reader, comparison: Comparison) -> None:
    """The part of the page."""
    _ = reader.translate
    if not comparison.rounds:
        _nothing_decided(reader, comparison)
        return
    measure = comparison.rounds[-1].measure
    by_version = _("{measure} by version").format(measure=measure.heading(_))
    st.subheader(by_version, anchor=False)
    st.caption(_("On the held-out test set, which no version trains on."))
    chart = charts.quality(comparison.rounds, _, comparison.champion_version)
    st.vega_lite_chart(chart, alt=by_version, key="quality")
    _side_by_side(reader, comparison)
    forgetting.draw(reader, comparison.matrix)
    st.subheader(_("Decisions"), anchor=False)
    _decisions(reader, comparison)


def _nothing_decided(reader: Reader, comparison: Comparison) -> None:
    _ = reader.translate
    with st.container(border=True):
        st.subheader(_("No model yet"), anchor=False)
        st.markdown(
            _("A model appears here when its round is decided. `make demo` runs all rounds; one by hand:")
        )
        job = f"{comparison.dataset}_round"
        st.code(f'dagster job launch -j {job} --tags \'{{"dagster/partition": "v1.0"}}\'', language="bash")


def _side_by_side(reader: Reader, comparison: Comparison) -> None:
    _ = reader.translate
    usual = comparison.usual_pair()
    if usual is None:
        return
    versions = [one.version for one in comparison.evaluations]
    st.subheader(_("Two versions side by side"), anchor=False)
    columns = st.columns(2, gap="medium")
    with columns[0]:
        left = _choose_version(_("Left"), "left", versions, usual[0])
    with columns[1]:
        right = _choose_version(_("Right"), "right", versions, usual[1])
    both = pair(comparison, left, right)
    if both is None:
        return
    if not both.same_test_set:
        st.warning(_("The two were measured on different test sets: compare with care."))
    for column, version, scores, classes, other in (
        (columns[0], left, both.left, both.left_classes, None),
        (columns[1], right, both.right, both.right_classes, both.left),
    ):
        with column:
            is_champion = version == comparison.champion_version
            _one_side(reader, classes, version, scores, other, is_champion=is_champion)
    heading = _("Recall by class: {right} compared with {left}").format(left=left, right=right)
    st.markdown(f"**{heading}**")
    chart = charts.recall_difference(both.left.recalls, both.right.recalls, _)
    st.vega_lite_chart(chart, alt=_("Recall by class"), key="recalls")
    _permalink(reader, comparison, left, right)


def _choose_version(label: str, key: str, versions: list[VersionKey], usual: VersionKey) -> VersionKey:
    # The options stay bare versions: they are what the address says.
    index = versions.index(usual)
    return VersionKey(st.selectbox(label, versions, index=index, key=key, bind="query-params"))


def _one_side(
    reader: Reader,
    classes: tuple[Label, ...],
    version: VersionKey,
    scores: Scores,
    other: Scores | None,
    *,
    is_champion: bool,
) -> None:
    _ = reader.translate
    crown = " · ★ " + _("champion") if is_champion else ""
    delta = None if other is None else wording.points(scores.accuracy - other.accuracy, _)
    st.metric(
        scores.measure.heading(_) + crown,
        f"{scores.accuracy:.1%}",
        delta,
        delta_description=_counted(scores, _),
        height=_METRIC_HEIGHT_PX,
    )
    chart = charts.confusion(scores.confusion, classes, _, dark=reader.dark)
    st.vega_lite_chart(
        chart, alt=_("Confusion of {version}").format(version=version), key=f"confusion-{version}"
    )


def _counted(scores: Scores, _: Translate) -> str:
    right = sum(row[index] for index, row in enumerate(scores.true_rows))
    marks, classes = _("{right} of {total} marks found"), _("{right} of {total} right")
    text = marks if scores.measure.is_of_marks else classes
    return text.format(right=right, total=sum(map(sum, scores.true_rows)))


def _permalink(reader: Reader, comparison: Comparison, left: VersionKey, right: VersionKey) -> None:
    _ = reader.translate
    base = (st.context.url or "").partition("?")[0]
    query = urlencode({"dataset": comparison.dataset, "left": left, "right": right, "part": "rounds"})
    with st.popover(_("Link to this comparison"), icon=":material/link:"):
        st.code(f"{base}?{query}", language=None, wrap_lines=True)


def _decisions(reader: Reader, comparison: Comparison) -> None:
    _ = reader.translate
    heads = [
        _("Version"),
        _("Labels"),
        _("Challenger"),
        _("Champion until then"),
        _("Change"),
        _("Outcome"),
        _("Champion since"),
        _("Lease"),
        _("Decided"),
    ]
    newest_first = comparison.rounds[::-1]
    part = frame.page_of(reader, len(newest_first), PER_PAGE, "decisions")
    rows = [
        [
            pieces.text(one.version),
            f"{one.labels:,}",
            f"{one.accuracy_new:.1%}",
            "–" if one.accuracy_old is None else f"{one.accuracy_old:.1%}",
            "–" if one.accuracy_old is None else wording.points(one.accuracy_new - one.accuracy_old, _),
            outcome(one, _),
            pieces.text(one.champion_version),
            pieces.text(wording.duration(one.lease_s, _)),
            pieces.moment(wording.ago(one.decided_at, comparison.read_at, _), reader.stamp(one.decided_at)),
        ]
        for one in newest_first[part]
    ]
    st.html(pieces.table(heads, rows, numbers=frozenset({1, 2, 3, 4, 7})))
    frame.download(
        _("Download as CSV"), lambda: as_csv(comparison.rounds), f"{comparison.dataset}-decisions.csv"
    )


def outcome(decision: Decision, _: Translate) -> str:
    """What a round decided, on its colour; what its gates said against the model when pointed at."""
    if decision.promoted:
        return pieces.pill(_("promoted"), colours.CHAMPION)
    if decision.barred:
        return pieces.pill(_("barred by its gates"), colours.TROUBLE, decision.barred)
    return pieces.pill(_("champion stays"), colours.IDLE)
