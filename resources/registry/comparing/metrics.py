"""By what model versions are compared."""

from enum import StrEnum

from resources.kinds import Measure
from resources.registry.evaluations.model import Measurement
from resources.texts import Translate, mark


class Unit(StrEnum):
    """How a number is written."""

    SHARE = "share"
    NUMBER = "number"
    MILLISECONDS = "ms"
    BYTES = "bytes"
    COUNT = "count"
    SECONDS = "s"


class Metric(StrEnum):
    """One number of a measurement; its name is the field's."""

    VALUE = "value"
    CALIBRATION = "calibration_error"
    BRIER = "brier"
    LATENCY = "latency_p50_ms"
    SLOWEST = "latency_p99_ms"
    SIZE = "size_bytes"
    PARAMETERS = "parameters"
    FORGETTING = "forgetting"
    LEASE = "lease_s"

    @property
    def is_better_low(self) -> bool:
        """Whether less is better."""
        return self is not Metric.VALUE

    @property
    def unit(self) -> Unit:
        """How it is written."""
        return _UNITS[self]

    def words(self, measure: Measure, translate: Translate) -> str:
        """What people call it."""
        return translate(measure.words if self is Metric.VALUE else _WORDS[self])

    def heading(self, measure: Measure, translate: Translate) -> str:
        """The same where a text begins with it."""
        words = self.words(measure, translate)
        return words[:1].upper() + words[1:]

    def of(self, measured: Measurement) -> float | None:
        """Its value; None where it was not measured."""
        found = getattr(measured, self.value)
        return None if found is None else float(found)

    def of_or_last(self, measured: Measurement) -> float:
        """The same to sort by: what was not measured comes last."""
        found = self.of(measured)
        return float("inf") if found is None else found


_UNITS = {
    Metric.VALUE: Unit.SHARE,
    Metric.CALIBRATION: Unit.SHARE,
    Metric.BRIER: Unit.NUMBER,
    Metric.LATENCY: Unit.MILLISECONDS,
    Metric.SLOWEST: Unit.MILLISECONDS,
    Metric.SIZE: Unit.BYTES,
    Metric.PARAMETERS: Unit.COUNT,
    Metric.FORGETTING: Unit.SHARE,
    Metric.LEASE: Unit.SECONDS,
}
_WORDS = {
    Metric.CALIBRATION: mark("calibration error"),
    Metric.BRIER: mark("Brier score"),
    Metric.LATENCY: mark("latency, median"),
    Metric.SLOWEST: mark("latency, slowest of a hundred"),
    Metric.SIZE: mark("size"),
    Metric.PARAMETERS: mark("parameters"),
    Metric.FORGETTING: mark("forgetting"),
    Metric.LEASE: mark("lease"),
}
