"""The next day is foreseen from the days before, and nothing is changed by it."""

from datetime import timedelta

import pytest

from resources.serving.scaling.grammar.parsing import parse_scaling
from resources.serving.scaling.model import Arrivals
from resources.serving.scaling.preview import preview
from tests.resources.serving.scaling.made import NOW, seen

DAY = [60] * 1440
DAY[540:1260] = [1200] * 720  # from noon, when it begins: 21:00 to 9:00
KNOWN = Arrivals(NOW - timedelta(days=2), 60, tuple(DAY * 2))


def test_hours_that_are_declared_are_foreseen() -> None:
    found = preview(parse_scaling("9~21:3,21~9:1", most=3), seen(3), NOW)
    assert [(one.at.hour, one.decision.replicas, one.decision.by) for one in found.changes] == [
        (12, 3, "S2"),
        (21, 1, "S2"),
        (9, 3, "S2"),
    ]
    assert found.replica_h == pytest.approx(3 * 12 + 12)
    assert found.highest == 3


def test_replicas_follow_what_came_on_the_days_before() -> None:
    spec = parse_scaling("gpu:50%", most=20)
    found = preview(spec, seen(1, arrivals=KNOWN, service_s=0.1), NOW)
    assert found.highest == 4
    up = next(one for one in found.changes if one.decision.replicas > 1)
    assert (up.at.hour, up.decision.by) == (20, "S1")  # what is near is averaged
    assert up.at.minute >= 55


def test_a_forecast_is_foreseen_earlier_than_the_load() -> None:
    found = preview(
        parse_scaling("gpu:50%,forecast:on", most=20),
        seen(1, arrivals=KNOWN, service_s=0.1, cold_start_s=600),
        NOW,
    )
    up = next(one for one in found.changes if one.decision.replicas > 1)
    assert up.decision.by == "S4"
    assert (up.at.hour, up.at.minute < 50) == (20, True)


def test_a_service_that_nobody_asks_sleeps_the_day_over() -> None:
    found = preview(parse_scaling("gpu:50%", least=0, most=4), seen(1, gpu=0.0, service_s=0.1), NOW)
    assert [one.decision.replicas for one in found.changes] == [1, 0]
    assert found.changes[-1].decision.by == "S6"


def test_a_dry_run_is_foreseen_as_what_it_would_do() -> None:
    spec = parse_scaling("9~21:3,21~9:1,dry_run:on", most=3)
    assert preview(spec, seen(3), NOW).highest == 3
    assert len(preview(spec, seen(3), NOW).changes) == 3
