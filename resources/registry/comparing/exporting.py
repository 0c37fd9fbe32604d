"""A comparison as a file: for a spreadsheet, and for a text that people write."""

from collections.abc import Mapping, Sequence
from html import escape

from resources import spreadsheet
from resources.registry.comparing.metrics import Metric, Unit
from resources.registry.comparing.parameters import differing
from resources.registry.evaluations.bootstrap import Difference
from resources.registry.evaluations.model import Measurement

Differences = Mapping[int, Difference]
"""By the number of the model, against the baseline."""


def as_csv(measurements: Sequence[Measurement], differences: Differences) -> str:
    """A row for each model, with the parameters in which they differ; names stay English, for programs."""
    params = differing(measurements)
    heads = [
        *("model", "data_version", "test_set", "test_samples", "measure"),
        *map(str, Metric),
        *("difference", "difference_low", "difference_high", "cost", "measured_at"),
        *(f"param_{name}" for name in params.names),
    ]
    rows = []
    for one, values in zip(measurements, params.values, strict=True):
        against = differences.get(one.number)
        interval = [None] * 3 if against is None else [against.value, against.low, against.high]
        rows.append(
            [
                *(one.number, one.dataset_version, one.test_set, one.test_count, one.measure),
                *(_plain(metric.of(one), metric) for metric in Metric),
                *(None if value is None else f"{value:.6f}" for value in interval),
                *(one.cost, one.measured_at.isoformat()),
                *values,
            ]
        )
    return spreadsheet.as_csv(heads, rows)


def as_markdown(measurements: Sequence[Measurement], differences: Differences, baseline: int | None) -> str:
    """The same in a table that a review or a wiki shows; the baseline is bold."""
    params = differing(measurements)
    metrics = [metric for metric in Metric if any(metric.of(one) is not None for one in measurements)]
    heads = ["model", "data", *map(str, metrics), "difference (95 %)", *params.names]
    numbers = len(metrics) + 1
    lines = [
        f"| {' | '.join(map(_cell, heads))} |",
        f"|---:|---|{'---:|' * numbers}{'---|' * len(params.names)}",
    ]
    for one, values in zip(measurements, params.values, strict=True):
        name = f"**{one.number}**" if one.number == baseline else str(one.number)
        row = [
            name,
            _cell(one.dataset_version),
            *(written(metric.of(one), metric) for metric in metrics),
            interval(differences.get(one.number)),
            *(_cell(value or "") for value in values),
        ]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def written(value: float | None, metric: Metric) -> str:
    """A number as people read it; a dash for none."""
    if value is None:
        return "–"
    if metric.unit is Unit.BYTES:
        return f"{value / 1024:,.1f} KiB" if value < 1024**2 else f"{value / 1024**2:,.1f} MiB"
    return _WRITTEN[metric.unit].format(value)


def interval(difference: Difference | None) -> str:
    """A difference in percentage points, with what lies around it."""
    if difference is None:
        return "–"
    value, low, high = (100 * one for one in (difference.value, difference.low, difference.high))
    return f"{value:+.1f} ({low:+.1f} … {high:+.1f})"


_WRITTEN = {
    Unit.SHARE: "{:.1%}",
    Unit.NUMBER: "{:.3f}",
    Unit.MILLISECONDS: "{:.2f} ms",
    Unit.COUNT: "{:,.0f}",
    Unit.SECONDS: "{:,.1f} s",
}


def _plain(value: float | None, metric: Metric) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if metric.unit in (Unit.BYTES, Unit.COUNT) else f"{value:.6f}"


def _cell(text: str) -> str:
    """In one line, and without what a table, HTML or a stress would make of it."""
    plain = escape(" ".join(text.split()), quote=False)
    return "".join(f"\\{one}" if one in "\\|`*_[]" else one for one in plain)
