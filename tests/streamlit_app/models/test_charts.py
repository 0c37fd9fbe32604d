"""What the charts of compared models show, as plain values."""

from dataclasses import replace

from resources.registry.comparing.heat import heat_of
from resources.registry.comparing.metrics import Metric
from resources.registry.comparing.pareto import pareto_front
from resources.registry.evaluations.bootstrap import Difference
from resources.registry.evaluations.calibration import reliability
from resources.registry.evaluations.model import SliceName, SliceScore
from resources.texts import Language, translator
from streamlit_app.models import charts
from streamlit_app.models.heat import heat_table, part_words
from streamlit_app.readings.model_versions import ModelVersions
from tests.resources.registry.evaluations.examples import answers_of, measurement_of

ANSWERS = [answers_of(number) for number in range(1, 5)]
SOME = [measurement_of(one) for one in ANSWERS]
VERSIONS = ModelVersions(SOME[0].dataset, tuple(SOME), 3)
CHINESE = translator(Language("zh_CN"))


def test_each_model_is_a_point_and_the_baseline_a_line() -> None:
    assert [one["model"] for one in charts.points(SOME, Metric.LATENCY)] == [1, 2, 3, 4]
    chart = charts.over_versions(VERSIONS, Metric.LATENCY, SOME[1], str)
    points, ring, line = chart["layer"]
    assert ring["transform"] == [{"filter": "datum.model == 3"}]
    assert line["data"]["values"] == [{"value": SOME[1].latency_p50_ms}]
    assert points["encoding"]["y"]["title"] == "latency, median (ms)"
    assert points["encoding"]["y"]["axis"]["format"] == ".4~r"


def test_what_was_not_measured_is_no_point_and_no_line() -> None:
    bare = [replace(one, forgetting=None) for one in SOME]
    assert charts.points(bare, Metric.FORGETTING) == []
    assert len(charts.over_versions(VERSIONS, Metric.FORGETTING, bare[0], str)["layer"]) == 2


def test_every_method_has_its_colour_and_a_legend_where_there_are_several() -> None:
    colour = charts.over_versions(VERSIONS, Metric.VALUE, SOME[0], str)["layer"][0]["encoding"]["color"]
    assert colour["scale"]["domain"] == ["joint", "replay"]
    assert colour["legend"]
    replayed = ModelVersions(SOME[0].dataset, tuple(SOME[1:]), None)
    alone = charts.over_versions(replayed, Metric.VALUE, SOME[1], str)["layer"][0]["encoding"]["color"]
    assert alone["legend"] is None
    assert alone["scale"]["range"] == colour["scale"]["range"][1:]
    unknown = ModelVersions(SOME[0].dataset, (replace(SOME[0], params={}),), None)
    bare = charts.over_versions(unknown, Metric.VALUE, SOME[0], str)["layer"][0]["encoding"]["color"]
    assert bare["scale"]["domain"] == ["–"]
    assert charts.points(unknown.newest, Metric.VALUE)[0]["method"] == "–"


def test_differences_are_told_apart_by_how_clear_they_are() -> None:
    found = {
        2: Difference(0.01, 0.02, 0.03, 60),
        3: Difference(-0.03, -0.02, -0.01, 60),
        4: Difference(-0.01, 0.0, 0.01, 60),
    }
    rows = charts.intervals(found, [4, 3, 2, 9])
    assert [(one["model"], one["tone"]) for one in rows] == [(4, "open"), (3, "worse"), (2, "better")]
    drawn = charts.differences(str)["layer"][1]["encoding"]
    assert {*drawn["color"]["scale"]["domain"]} == {one["tone"] for one in rows}
    assert drawn["x"]["sort"] is None, "as they are listed"


def test_the_front_is_marked_and_models_with_a_name_have_it() -> None:
    front = pareto_front(SOME, Metric.SIZE)
    assert {one["model"] for one in charts.costed(SOME, Metric.SIZE, front) if one["best"]} == front
    chart = charts.cost_scatter(VERSIONS, Metric.SIZE, {1: "baseline"}, str)
    _line, marks, name = chart["layer"]
    assert (name["mark"]["text"], name["transform"]) == ("baseline", [{"filter": "datum.model == 1"}])
    assert marks["encoding"]["x"]["title"] == "size (B)"


def test_reliability_has_a_curve_for_each_name_and_the_diagonal() -> None:
    curves = {"old": reliability(*ANSWERS[0].certainties), "new": reliability(*ANSWERS[1].certainties)}
    chart = charts.reliability_curves(curves, CHINESE)
    diagonal, lines, _points = chart["layer"]
    assert len(diagonal["data"]["values"]) == 2
    assert {one["who"] for one in lines["data"]["values"]} == {"old", "new"}
    assert lines["encoding"]["y"]["title"] == "正确率"


def test_the_heat_of_classes_has_a_cell_for_each_model_and_class() -> None:
    chart = heat_table(heat_of(SOME, SOME[0], of_classes=True), str, gains=False)
    assert len(chart["data"]["values"]) == 12
    assert chart["layer"][0]["encoding"]["y"]["sort"] == ["cat", "dog", "owl"]
    assert len(chart["layer"]) == 2, "few models have room for numbers"


def test_gains_have_a_scale_around_nothing() -> None:
    chart = heat_table(heat_of(SOME, SOME[0], of_classes=True), str, gains=True, dark=True)
    low, middle, high = chart["layer"][0]["encoding"]["color"]["scale"]["domain"]
    assert (low, middle) == (-high, 0)


def test_many_models_have_no_numbers_in_their_cells() -> None:
    many = [replace(SOME[0], number=number) for number in range(1, 40)]
    assert len(heat_table(heat_of(many, None, of_classes=True), str, gains=False)["layer"]) == 1


def test_slices_are_told_in_the_readers_language() -> None:
    dark = SliceName("brightness:dark")
    assert part_words(dark, str) == "brightness: dark"
    assert part_words(dark, CHINESE) == "亮度: 暗"
    assert part_words(SliceName("class:7"), CHINESE) == "7"
    assert part_words(SliceName("camera:left"), CHINESE) == "camera: left"
    sliced = replace(SOME[0], slices={dark: SliceScore(0.5, 9)})
    chart = heat_table(heat_of([sliced], None, of_classes=False), CHINESE, gains=False)
    assert [one["part"] for one in chart["data"]["values"]] == ["亮度: 暗"]
