"""What people write about scaling is read, or refused at the place where it stops making sense."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.serving.scaling.grammar.errors import BadScaling
from resources.serving.scaling.grammar.parsing import parse_scaling
from resources.serving.scaling.model import Bounds, Metric, ScalingSpec
from resources.texts import LANGUAGES, in_language, translator

SATURDAY = datetime(2026, 11, 28, tzinfo=UTC)


def targets(text: str) -> dict[Metric, float]:
    return {target.metric: target.value for target in parse_scaling(text).targets}


def bounds(text: str, hour: int, minute: int = 0, day: int = 28) -> tuple[int, int]:
    found = parse_scaling(text, least=1, most=4).bounds(datetime(2026, 11, day, hour, minute, tzinfo=UTC))
    return found.least, found.most


def test_all_metrics_are_read_with_their_units() -> None:
    assert targets("cpu:50%,gpu:60%,memory:70%,queue:8,latency:200ms,rate:40") == {
        Metric.CPU: 0.5,
        Metric.GPU: 0.6,
        Metric.MEMORY: 0.7,
        Metric.QUEUE: 8,
        Metric.LATENCY: 200,
        Metric.RATE: 40,
    }
    assert targets("latency:1.5s") == {Metric.LATENCY: 1500}


@pytest.mark.parametrize(
    "text",
    [
        "cpu:50%,mem:50%,gpu:30%",
        "cpu=50%;mem=50%;gpu=30%",
        "cpu|50%|mem|50%|gpu|30%",
        "CPU : 50 % , Mem : 50 % , GPU : 30 %",
        "cpu：50％，mem：50％；gpu：30％",
    ],
)
def test_the_ways_in_which_users_of_cube_studio_write_it_mean_the_same(text: str) -> None:
    assert targets(text) == {Metric.CPU: 0.5, Metric.MEMORY: 0.5, Metric.GPU: 0.3}


def test_hours_of_the_day_have_numbers_of_their_own() -> None:
    assert bounds("9~21:2,21~9:0", 9) == (2, 4)
    assert bounds("9~21:2,21~9:0", 20, 59) == (2, 4)
    assert bounds("9~21:2,21~9:0", 21) == (0, 4)
    assert bounds("9~21:2,21~9:0", 3) == (0, 4)


def test_a_window_may_raise_and_lower_both_bounds() -> None:
    assert bounds("9~21:2-6", 12) == (2, 6)
    assert bounds("9~21:8", 12) == (8, 8)
    assert bounds("21~9:0-0", 23) == (0, 0)
    assert bounds("9~21:2-6", 22) == (1, 4)


def test_minutes_are_told_from_numbers_of_replicas() -> None:
    assert bounds("9~21:10", 20, 59) == (10, 10)
    assert bounds("9:30~21:10:2", 9, 29) == (1, 4)
    assert bounds("9:30~21:10:2", 21, 9) == (2, 4)
    assert bounds("9:30~21:10:2", 21, 10) == (1, 4)


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    text = "fri 22~6:3"  # the 27th is a Friday
    assert bounds(text, 23, day=27) == (3, 4)
    assert bounds(text, 5, day=28) == (3, 4)
    assert bounds(text, 23, day=28) == (1, 4)
    assert bounds(text, 5, day=27) == (1, 4)


def test_a_range_of_days_may_go_over_the_end_of_the_week() -> None:
    (window,) = parse_scaling("sat-mon 0~24:2").windows
    assert window.days == {5, 6, 0}
    (window,) = parse_scaling("Monday - Friday 9~17:2").windows
    assert window.days == {0, 1, 2, 3, 4}


def test_of_two_windows_the_one_that_is_written_first_counts() -> None:
    assert bounds("12~13:1,9~21:3", 12) == (1, 4)
    assert bounds("12~13:1,9~21:3", 14) == (3, 4)


def test_windows_are_read_by_the_clock_of_their_zone() -> None:
    assert bounds("9~21:2,zone:Asia/Shanghai", 1) == (2, 4)
    assert bounds("9~21:2,zone:Asia/Shanghai", 14) == (1, 4)


def test_settings_are_read() -> None:
    spec = parse_scaling("replicas:0-8,idle:5m,down:60s,forecast:on,priority:high,dry-run:yes")
    assert spec == ScalingSpec(
        least=0, most=8, idle_s=300, down_s=60, forecast=True, priority=1, dry_run=True
    )


def test_what_a_text_does_not_say_is_as_it_was_declared_elsewhere() -> None:
    assert parse_scaling("", least=2, most=3, idle_s=60) == ScalingSpec(least=2, most=3, idle_s=60)


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("cpu:50", 5, "percentage"),
        ("cpu:150%", 5, "1% to 100%"),
        ("cpu:0%", 5, "1% to 100%"),
        ("cpu", 4, "value of cpu"),
        ("cpu:50%,mem:50%,cpu:60%", 17, "cpu once"),
        ("mem:50%,memory:60%", 9, "memory once"),
        ("disk:50%", 1, "a metric"),
        ("cpu:50%,", 9, "a metric"),
        ("cpu:50% gpu:50%", 9, "','"),
        ("latency:200", 9, "200ms"),
        ("latency:200m", 9, "200ms"),
        ("queue:8ms", 8, "waiting requests"),
        ("queue:0", 7, "waiting requests"),
        ("25~3:1", 1, "0:00 to 24:00"),
        ("9:60~21:1", 1, "0:00 to 24:00"),
        ("9~9:1", 1, "hour"),
        ("24~9:1", 1, "hour"),
        ("9~21:-1", 6, "replicas"),
        ("9~21:2-1", 6, "at least 2"),
        ("9~21:5000", 6, "0 to 1000"),
        ("xmas 9~21:1", 1, "a metric"),
        ("forecast:maybe", 10, "on or off"),
        ("priority:٣", 10, "low, high"),
        ("zone:Mars/Olympus", 6, "time zone"),
        ("idle:5", 6, "300s"),
        ("idle:25h", 6, "24h"),
        ("replicas:x", 10, "replicas"),
    ],
)
def test_what_is_no_scaling_is_refused_with_its_place_and_what_was_expected(
    text: str, position: int, expected: str
) -> None:
    with pytest.raises(BadScaling) as refused:
        parse_scaling(text)
    assert refused.value.position == position
    assert expected in refused.value.expected
    assert repr(text) in refused.value.problem
    assert refused.value.next_step


def test_a_refusal_can_be_read_in_every_language() -> None:
    with pytest.raises(BadScaling) as refused:
        parse_scaling("cpu:50")
    said = {in_language(refused.value.problem, translator(language)) for language in LANGUAGES}
    assert len(said) == len(LANGUAGES)


@given(st.text(alphabet="cpugmemqy0129:%=|,;~-. ms()\n：％，", max_size=40) | st.text(max_size=600))
def test_every_text_is_read_or_refused_within_it(text: str) -> None:
    try:
        spec = parse_scaling(text)
    except BadScaling as error:
        place, found = error.position, Bounds(0, 0)
    else:
        place, found = 1, spec.bounds(SATURDAY)
    assert 1 <= place <= len(text) + 1
    assert 0 <= found.least <= found.most
