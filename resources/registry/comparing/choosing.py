"""Which model versions are compared, and in which order."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from resources.registry.comparing.metrics import Metric
from resources.registry.evaluations.model import Measurement
from resources.terms import VersionKey

METHOD = "method"
"""The parameter that names how a model was trained."""
_RULE = re.compile(r"(?P<name>[\w.]+)(?P<sign>>=|<=|!=|=|>|<)(?P<value>.*)")


class Order(StrEnum):
    """Which comes first."""

    NEWEST = "newest"
    BEST = "best"


@dataclass(frozen=True)
class Choice:
    """What a person chose. Nothing chosen stands for all."""

    versions: tuple[VersionKey, ...] = ()
    """Of the data, that models were trained from."""
    methods: tuple[str, ...] = ()
    text: str = ""
    """Rules and words, all of which must hold: see :func:`fits`."""
    metric: Metric = Metric.VALUE
    order: Order = Order.NEWEST


def newest_of_each(measurements: Sequence[Measurement], test_set: str | None = None) -> list[Measurement]:
    """One for each model, by number: that on ``test_set`` where there is one, else the newest."""
    found: dict[int, Measurement] = {}
    for one in measurements:
        before = found.get(one.number)
        if before is None or (one.test_set == test_set, one.measured_at) >= (
            before.test_set == test_set,
            before.measured_at,
        ):
            found[one.number] = one
    return [found[number] for number in sorted(found)]


def chosen(measurements: Sequence[Measurement], choice: Choice) -> list[Measurement]:
    """Those that fit, in the order that was asked for; what was not measured comes last."""
    versions, methods = frozenset(choice.versions), frozenset(choice.methods)
    rules = [_rule(word) for word in choice.text.split()]
    found = [
        one
        for one in measurements
        if (not versions or one.dataset_version in versions)
        and (not methods or one.params.get(METHOD, "") in methods)
        and all(rule(one) for rule in rules)
    ]
    if choice.order is Order.NEWEST:
        return sorted(found, key=lambda one: -one.number)
    sign = 1 if choice.metric.is_better_low else -1

    def place(one: Measurement) -> tuple[bool, float, int]:
        value = choice.metric.of(one)
        return value is None, 0.0 if value is None else sign * value, -one.number

    return sorted(found, key=place)


def fits(measured: Measurement, text: str) -> bool:
    """Whether all words of a text hold of a model.

    A word is a rule such as ``seed=3``, ``epochs>=20``, ``method!=joint``, of a parameter, a metric or
    ``number``; any other is to be found among parameters and their values. A rule of what a model does not
    have does not hold.
    """
    return all(_rule(word)(measured) for word in text.split())


def _rule(word: str) -> Callable[[Measurement], bool]:
    match = _RULE.fullmatch(word)
    if match is None:
        wanted = word.lower()
        return lambda one: any(wanted in f"{name}={value}".lower() for name, value in _told(one))
    name, sign, value = match["name"], match["sign"], match["value"]
    if sign in ("=", "!="):
        return lambda one: _is(one, name, value, equal=sign == "=")
    limit = _number(value)
    compare = _COMPARE[sign]

    def holds(one: Measurement) -> bool:
        found = _number(_of(one, name) or "")
        return found is not None and limit is not None and compare(found, limit)

    return holds


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": lambda one, other: one > other,
    "<": lambda one, other: one < other,
    ">=": lambda one, other: one >= other,
    "<=": lambda one, other: one <= other,
}
_METRICS = {str(metric) for metric in Metric} | {"number"}


def _is(one: Measurement, name: str, value: str, *, equal: bool) -> bool:
    found = _of(one, name)
    if found is None:
        return False
    ours, theirs = _number(found), _number(value)
    same = found.lower() == value.lower() or (ours is not None and ours == theirs)
    return same is equal


def _told(one: Measurement) -> list[tuple[str, str]]:
    return [("version", one.dataset_version), ("number", str(one.number)), *one.params.items()]


def _of(one: Measurement, name: str) -> str | None:
    if name in one.params:
        return one.params[name]
    if name == "version":
        return one.dataset_version
    found = getattr(one, name) if name in _METRICS else None
    return None if found is None else str(found)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
