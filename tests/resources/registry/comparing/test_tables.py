"""What differs, where it is better, what none is better than, and what is written to files."""

import csv
import io
import re
from dataclasses import replace
from html import unescape

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from resources.kinds import Measure
from resources.registry.comparing.exporting import as_csv, as_markdown, written
from resources.registry.comparing.heat import heat_of, kind_of, which_of
from resources.registry.comparing.metrics import Metric
from resources.registry.comparing.parameters import differing
from resources.registry.comparing.pareto import pareto_front
from resources.registry.evaluations.bootstrap import paired_difference
from resources.registry.evaluations.model import SliceName, SliceScore
from tests.resources.registry.evaluations.examples import answers_of, measurement_of

ANSWERS = [answers_of(number) for number in range(1, 5)]
SOME = [measurement_of(one) for one in ANSWERS]
POINTS = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6)), min_size=1, max_size=20)


def test_only_parameters_that_differ_are_told() -> None:
    first, second, *_ = (replace(one, params={**one.params, "epochs": "60"}) for one in SOME)
    found = differing([first, replace(second, params={**second.params, "extra": "1"})])
    assert found.names == ("extra", "method", "seed")
    assert found.values == ((None, "joint", "1"), ("1", "replay", "2"))
    assert found.same == 1
    assert differing([first]).names == ()
    assert differing([]).values == ()


def test_heat_tells_each_part_and_what_was_gained() -> None:
    heat = heat_of(SOME, SOME[0], of_classes=True)
    assert heat.numbers == (1, 2, 3, 4)
    assert [which_of(part) for part in heat.parts] == ["cat", "dog", "owl"]
    assert {kind_of(part) for part in heat.parts} == {"class"}
    assert list(heat.gains[0]) == [0, 0, 0]
    assert heat.counts == (20, 20, 20)
    assert heat_of(SOME, SOME[0], of_classes=False).parts == ()


def test_a_part_that_a_model_lacks_is_empty() -> None:
    dark = SliceName("brightness:dark")
    more = replace(SOME[1], slices={dark: SliceScore(0.5, 7)})
    heat = heat_of([SOME[0], more], SOME[0], of_classes=False)
    assert heat.scores == ((None,), (0.5,))
    assert heat.gains == ((None,), (None,))
    assert heat_of([more], None, of_classes=False).gains == ((None,),)


@given(POINTS)
def test_nobody_is_better_than_the_front_and_somebody_than_the_rest(points: list[tuple[int, int]]) -> None:
    drawn = [
        replace(SOME[0], number=place, size_bytes=cost, value=good / 6)
        for place, (cost, good) in enumerate(points)
    ]
    front = pareto_front(drawn, Metric.SIZE)
    assert front
    for number, (cost, good) in enumerate(points):
        beaten = any(
            other_cost <= cost and other_good >= good and (other_cost, other_good) != (cost, good)
            for other_cost, other_good in points
        )
        assert (number in front) is not beaten


def test_what_nobody_timed_is_not_in_the_front() -> None:
    assert pareto_front([replace(SOME[0], latency_p50_ms=None)], Metric.LATENCY) == frozenset()


def test_a_spreadsheet_reads_all_of_it() -> None:
    against = {2: paired_difference(ANSWERS[0], ANSWERS[1])}
    rows = list(csv.DictReader(io.StringIO(as_csv(SOME, against))))
    assert [row["model"] for row in rows] == ["1", "2", "3", "4"]
    assert float(rows[1]["value"]) == round(SOME[1].value, 6)
    assert float(rows[1]["difference_low"]) <= float(rows[1]["difference"])
    assert (rows[0]["difference"], rows[2]["param_seed"]) == ("", "3")
    assert rows[0]["size_bytes"] == "40010"


def test_markdown_has_a_row_for_each_and_a_bold_baseline() -> None:
    odd = replace(SOME[3], params={"method": "a|b\nc"}, brier=None)
    lines = as_markdown([*SOME[:3], odd], {}, 2).splitlines()
    assert len(lines) == 6
    assert lines[3].startswith("| **2** | v1.0 |")
    assert "a\\|b c" in lines[5]
    assert len({line.replace("\\|", "").count("|") for line in lines}) == 1
    assert "brier" not in as_markdown([odd], {}, None)


@given(st.text(st.sampled_from("ab|\\\\`*_[]<>\n\r\v\u2028"), max_size=12))
def test_no_text_leaves_its_cell_in_markdown(text: str) -> None:
    odd = [replace(SOME[0], params={"method": text}), SOME[1]]
    shown = MarkdownIt("gfm-like", {"linkify": False}).render(as_markdown(odd, {}, None))
    assert re.findall("<(?!/?(?:table|thead|tbody|tr|t[hd])\\b)", shown) == []
    cells = re.findall("<tr>(.*?)</tr>", shown, re.DOTALL)[1]
    assert [unescape(cell).split() for cell in re.findall("<td[^>]*>(.*?)</td>", cells)][-2] == text.split()


def test_numbers_are_written_for_people() -> None:
    assert written(None, Metric.VALUE) == "–"
    assert written(0.925, Metric.VALUE) == "92.5%"
    assert written(1.234, Metric.LATENCY) == "1.23 ms"
    assert written(40_960, Metric.SIZE) == "40.0 KiB"
    assert written(3 * 1024**2, Metric.SIZE) == "3.0 MiB"
    assert written(1_234_567, Metric.PARAMETERS) == "1,234,567"


def test_every_metric_has_words_and_a_value() -> None:
    for metric in Metric:
        assert metric.words(Measure.ACCURACY, str)
        assert metric.of(SOME[0]) is not None
    assert Metric.VALUE.words(Measure.SPAN_F1, str) == "span F1"
    assert np.isclose(Metric.VALUE.of(SOME[0]) or 0, ANSWERS[0].scores.mean())
