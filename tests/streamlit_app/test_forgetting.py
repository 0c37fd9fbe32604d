import altair as alt

from resources.learning.continual.forgetting import VersionMatrix, VersionRow
from resources.texts import translator
from streamlit_app.forgetting import SHOWN_VERSIONS, heat_table, sentences

ENGLISH = translator("en")
MATRIX = VersionMatrix(
    ("v1.0: cat", "v1.1: fox"),
    (VersionRow("v1.0", (0.9,)), VersionRow("v1.1", (0.8, 0.5)), VersionRow("v1.2", (0.6, None))),
)


def test_the_heat_table_has_a_cell_for_each_task_that_a_version_can_be_asked_and_rings_the_best() -> None:
    chart = heat_table(MATRIX, ENGLISH)
    alt.Chart.from_dict(chart)
    cells = [(one["version"], one["task"], one["share"], one["best"]) for one in chart["data"]["values"]]
    assert cells == [
        ("v1.0", "v1.0: cat", 0.9, True),
        ("v1.1", "v1.0: cat", 0.8, False),
        ("v1.1", "v1.1: fox", 0.5, True),
        ("v1.2", "v1.0: cat", 0.6, False),
    ]


def test_of_many_versions_the_newest_are_shown() -> None:
    many = VersionMatrix(("v1.0: cat",), tuple(VersionRow(f"v1.{k}", (0.5,)) for k in range(50)))
    shown = [one["version"] for one in heat_table(many, ENGLISH)["data"]["values"]]
    assert shown == [f"v1.{k}" for k in range(50 - SHOWN_VERSIONS, 50)]


def test_what_was_lost_is_said_in_a_sentence() -> None:
    assert sentences(MATRIX, ENGLISH) == [
        "**v1.0: cat**: the newest model finds 60.0%, that of v1.0 found 90.0% (-30.0 points)."
    ]


def test_where_nothing_was_lost_that_is_said() -> None:
    better = VersionMatrix(("v1.0: cat",), (VersionRow("v1.0", (0.5,)), VersionRow("v1.1", (0.7,))))
    assert sentences(better, ENGLISH)[0].startswith("Nothing is forgotten")
