"""The values in a text about scaling: targets, windows, bounds and settings."""

import re
from dataclasses import replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from resources.serving.scaling.grammar.scanner import COUNT, NUMBER, TO, UNIT, WORD, Scanner
from resources.serving.scaling.model import DAY_MIN, HIGHEST_REPLICAS, Metric, ScalingSpec, Target, Window
from resources.texts import filled, mark

SHARES = (Metric.CPU, Metric.GPU, Metric.MEMORY)
MILLISECONDS = {"ms": 1.0, "s": 1000.0}
SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
LONGEST_S = 86_400.0
HIGHEST_PRIORITY = 1000
PRIORITIES = {"low": 0, "high": 1}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = frozenset(range(len(DAYS)))
_SWITCHES = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}
_REPLICAS = filled(mark("a number of replicas from 0 to {most}"), most=HIGHEST_REPLICAS)


def read_target(scanner: Scanner, metric: Metric) -> Target:
    """The value of one metric, with its unit."""
    expected = _EXPECTED[metric]
    number = scanner.match(NUMBER)
    if number is None:
        raise scanner.refuse(expected)
    value = float(number[0])
    unit = scanner.match(UNIT)
    written = "" if unit is None else unit[0].lower()
    if metric in SHARES:
        if written != "%":
            raise scanner.refuse(
                expected,
                at=number.start(),
                reason=mark("not a percentage"),
                next_step=filled(mark("Write {name}:60%."), name=metric.value),
            )
        value, lowest, highest = value / 100, 0.01, 1.0
    elif metric is Metric.LATENCY:
        if written not in MILLISECONDS:
            raise scanner.refuse(expected, at=number.start(), reason=mark("a time without its unit"))
        value, lowest, highest = value * MILLISECONDS[written], 1.0, 3_600_000.0
    else:
        if written:
            raise scanner.refuse(expected, at=number.end(), reason=mark("a number of requests has no unit"))
        lowest, highest = 0.001, 1_000_000.0
    if not lowest <= value <= highest:
        raise scanner.refuse(expected, at=number.start(), reason=mark("out of range"))
    return Target(metric, value)


def read_window(scanner: Scanner, found: re.Match[str]) -> Window:
    """A window whose hours were ``found``, with the bounds that follow."""
    begins = _minutes(scanner, found, "from")
    until = _minutes(scanner, found, "until")
    if begins in (until, DAY_MIN):
        raise scanner.refuse(
            mark("an hour from 0 to 23, '~', and another one up to 24"),
            at=found.start("from"),
            reason=mark("a window of no length"),
            next_step=mark("For the whole day write 0~24."),
        )
    scanner.take(":=|")
    least, most = read_bounds(scanner)
    return Window(_days(found), begins, until, least, most)


def read_bounds(scanner: Scanner) -> tuple[int, int | None]:
    """``2`` or ``2-6``: the least, and the most where it is said."""
    at = scanner.at
    least = _replicas(scanner)
    if scanner.match(TO) is None:
        return least, None
    most = _replicas(scanner)
    if most < least:
        raise scanner.refuse(
            filled(mark("at least {least} after the '-'"), least=least),
            at=at,
            reason=mark("the most is less than the least"),
        )
    return least, most


def read_setting(scanner: Scanner, name: str, spec: ScalingSpec) -> ScalingSpec:
    """``spec`` with the setting of this ``name`` as it is said."""
    if name == "idle":
        return replace(spec, idle_s=_seconds(scanner))
    if name == "down":
        return replace(spec, down_s=_seconds(scanner))
    word = scanner.match(WORD)
    if word is None:
        raise scanner.refuse(_EXPECTED_WORD[name])
    said = word[0].lower()
    if name in ("forecast", "dry_run") and said in _SWITCHES:
        is_on = _SWITCHES[said]
        return replace(spec, forecast=is_on) if name == "forecast" else replace(spec, dry_run=is_on)
    if name == "priority" and said in PRIORITIES:
        return replace(spec, priority=PRIORITIES[said])
    if name == "priority" and said.isdecimal() and said.isascii() and int(said) <= HIGHEST_PRIORITY:
        return replace(spec, priority=int(said))
    if name == "zone" and _is_zone(word[0]):
        return replace(spec, zone=word[0])
    raise scanner.refuse(
        _EXPECTED_WORD[name], at=word.start(), reason=filled(mark("not a value of {name}"), name=name)
    )


def _replicas(scanner: Scanner) -> int:
    found = scanner.match(COUNT)
    if found is None:
        raise scanner.refuse(_REPLICAS)
    if len(found[0]) > len(str(HIGHEST_REPLICAS)) or int(found[0]) > HIGHEST_REPLICAS:
        raise scanner.refuse(_REPLICAS, at=found.start(), reason=mark("too many"))
    return int(found[0])


def _seconds(scanner: Scanner) -> float:
    expected = mark("a time from 0s to 24h, such as 300s or 5m")
    number = scanner.match(NUMBER)
    if number is None:
        raise scanner.refuse(expected)
    unit = scanner.match(UNIT)
    factor = None if unit is None else SECONDS.get(unit[0].lower())
    if factor is None:
        raise scanner.refuse(expected, at=number.start(), reason=mark("a time without its unit"))
    if float(number[0]) * factor > LONGEST_S:
        raise scanner.refuse(expected, at=number.start(), reason=mark("out of range"))
    return float(number[0]) * factor


def _minutes(scanner: Scanner, found: re.Match[str], part: str) -> int:
    hours, _, minutes = found[part].partition(":")
    total = int(hours) * 60 + int(minutes or 0)
    if int(minutes or 0) > 59 or total > DAY_MIN:
        raise scanner.refuse(
            mark("a time from 0:00 to 24:00"), at=found.start(part), reason=mark("no time of day")
        )
    return total


def _days(found: re.Match[str]) -> frozenset[int]:
    if found["first"] is None:
        return EVERY_DAY
    first = DAYS.index(found["first"][:3].lower())
    last = first if found["last"] is None else DAYS.index(found["last"][:3].lower())
    count = (last - first) % len(DAYS) + 1
    return frozenset((first + more) % len(DAYS) for more in range(count))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


_EXPECTED = {
    **dict.fromkeys(SHARES, mark("a percentage from 1% to 100%")),
    Metric.QUEUE: mark("waiting requests for each replica, such as 8"),
    Metric.LATENCY: mark("a time from 1ms to 3600s, such as 200ms"),
    Metric.RATE: mark("requests per second for each replica, such as 50"),
}
_EXPECTED_WORD = {
    "forecast": mark("on or off"),
    "dry_run": mark("on or off"),
    "priority": mark("low, high, or a number from 0 to 1000"),
    "zone": mark("a time zone such as UTC or Asia/Shanghai"),
}
