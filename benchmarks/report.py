"""Writes ``docs/benchmarks.md`` from the results that are kept."""

from pathlib import Path

from benchmarks.catalogue import benchmark
from benchmarks.result import Result, read_results

REPORT = Path(__file__).parents[1] / "docs/benchmarks.md"

HEAD = """# Benchmarks

Written by `python -m benchmarks report` from the results in `benchmarks/results/`; `make bench` measures
all of them again. A number belongs to the machine that is named beside it. Where something was measured
several times, the metric is the median, with the least and the greatest beside it. The load is the one-minute
average before the run: on an otherwise idle machine it is about 0.
"""


def write_report() -> None:
    """Write the page anew."""
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(render(read_results()))


def render(results: list[Result]) -> str:
    """The page, in Markdown."""
    sections = [HEAD]
    for name in dict.fromkeys(result.name for result in results):
        group = sorted((result for result in results if result.name == name), key=_size)
        sections.append(_section(name, group))
    return "\n".join(sections)


def _section(name: str, group: list[Result]) -> str:
    titles = [result.variant or "value" for result in group]
    metrics = list(dict.fromkeys(metric for result in group for metric in result.metrics))
    lines = [f"## {name}", "", benchmark(name).DESCRIPTION, ""]
    lines += [f"| metric | {' | '.join(titles)} |", "|---" + "|---:" * len(group) + "|"]
    for metric in metrics:
        values = (_number(result.metrics.get(metric)) for result in group)
        lines.append(f"| `{metric}` | {' | '.join(values)} |")
    return "\n".join([*lines, "", *_conditions(group), ""])


def _conditions(group: list[Result]) -> list[str]:
    lines = []
    for result in group:
        machine = result.machine
        told = f"{result.variant}: " if result.variant else ""
        where = f"{machine.cores} cores ({machine.processor}), {machine.memory_gib:g} GiB, {machine.system}"
        versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
        lines.append(f"- {told}{where}, load {machine.load_before:g}; {result.measured_at}; {versions}")
    return lines


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 or float(value).is_integer() else f"{value:.4g}"


def _size(result: Result) -> tuple[int, str]:
    number = result.variant.rpartition(" ")[2]
    return (int(number) if number.isdigit() else 0, result.variant)
